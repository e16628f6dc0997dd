package org.twincore.daemon.loop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.ResyncOrder;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.exchange.Waiting;

/// A machine that does to each event what a test says, and remembers the events.
public final class ScriptedMachine implements Machine {
  public final List<Event> events = Collections.synchronizedList(new ArrayList<>());
  public volatile long deadlineNanos = Long.MAX_VALUE;
  public volatile StateResult mayOpen = StateResult.SUCCESS;
  public volatile StateResult mayRead = StateResult.SUCCESS;
  public volatile List<ResourceStatus.VolumeStatus> volumes = List.of();
  private final BiConsumer<Event, Effects> script;

  public ScriptedMachine(BiConsumer<Event, Effects> script) {
    this.script = script;
  }

  @Override
  public void step(long nowNanos, Event event, Effects out) {
    events.add(event);
    script.accept(event, out);
  }

  @Override
  public long nextDeadlineNanos() {
    return deadlineNanos;
  }

  @Override
  public StateResult mayOpen(int volume, Event.Access access) {
    return access == Event.Access.READ_ONLY ? mayRead : mayOpen;
  }

  @Override
  public OptionValues net() {
    return OptionValues.DEFAULTS;
  }

  @Override
  public Optional<SplitBrain> splitBrain(int volume) {
    return Optional.empty();
  }

  @Override
  public List<SplitBrain.Range> changedRanges(int volume, int max) {
    return List.of();
  }

  @Override
  public List<ResyncOrder.Member> resyncMembers() {
    return List.of();
  }

  @Override
  public ResourceStatus status() {
    return new ResourceStatus(
        "r0", ConnectionState.STAND_ALONE, Optional.empty(), 0, 'f', 0, volumes, List.of());
  }

  @Override
  public List<Waiting> why() {
    return List.of();
  }

  @Override
  public OptionalLong verifyReached(int volume) {
    return OptionalLong.empty();
  }
}
