package org.twincore.daemon.loop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.twincore.daemon.nbd.PendingAnswers;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EffectRunner;
import org.twincore.drbd.engine.port.EventSink;

/// A [ResourceLoop] around a [ScriptedMachine], with ports that only remember.
public final class LoopBench implements AutoCloseable {
  public final Aftermath aftermath = new Aftermath();
  public final Replies replies = new Replies();
  public final PendingAnswers answers = new PendingAnswers(aftermath);
  public final Timers timers = new Timers();
  public final List<Effect> toLink = Collections.synchronizedList(new ArrayList<>());
  public final List<Effect> toNode = Collections.synchronizedList(new ArrayList<>());
  public final CompletableFuture<Throwable> broken = new CompletableFuture<>();
  public final ScriptedMachine machine;
  public final EffectRunner runner;
  public final ResourceLoop loop;

  /// What the next hand-over of packets posts back, as `Sent` would.
  public volatile List<Event> afterSends = List.of();

  public LoopBench(BiConsumer<Event, Effects> script) {
    machine = new ScriptedMachine(script);
    runner = new EffectRunner(toLink::add, answers, toNode::add);
    loop =
        new ResourceLoop(
            machine,
            new ResourceLoop.Surroundings(
                runner,
                aftermath,
                this::send,
                replies,
                System::nanoTime,
                timers,
                broken::complete));
  }

  private void send(EventSink sink) {
    List<Event> events = afterSends;
    afterSends = List.of();
    events.forEach(sink::post);
  }

  @Override
  public void close() {
    loop.close();
    timers.close();
  }
}
