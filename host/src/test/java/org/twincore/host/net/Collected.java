package org.twincore.host.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.twincore.drbd.engine.exchange.Event;

/// What a link of a test has told, in order.
final class Collected implements PacketSink {
  final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

  @Override
  public void post(Event event) {
    events.add(event);
  }

  @Override
  public void postAll(List<Event> batch) {
    events.addAll(batch);
  }

  /// The next one, which has to be of that type.
  <E extends Event> E next(Class<E> type) throws InterruptedException {
    Event event = events.poll(60, TimeUnit.SECONDS);
    assertThat(event).isInstanceOf(type);
    return type.cast(event);
  }
}
