package org.twincore.daemon.loop;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;

/// The last events of one resource, without the bytes of requests, for the day something breaks.
/// Used under the resource's lock.
final class FlightRecorder {
  private static final int EVENTS = 512;
  private static final Payload NO_BYTES = Payload.of(new byte[0]);

  private final long[] nanos = new long[EVENTS];
  private final @Nullable Event[] events = new Event[EVENTS];
  private long count;

  void note(long nowNanos, Event event) {
    int at = (int) (count++ % EVENTS);
    nanos[at] = nowNanos;
    events[at] = withoutBytes(event);
  }

  /// A ring of payloads would keep hundreds of megabytes.
  private static Event withoutBytes(Event event) {
    return switch (event) {
      case Event.AppWrite(int volume, long cookie, long sector, Payload _, boolean fua) ->
          new Event.AppWrite(volume, cookie, sector, NO_BYTES, fua);
      case Event.LocalReadDone(int volume, long token, Payload _) ->
          new Event.LocalReadDone(volume, token, NO_BYTES);
      case Event.PacketArrived packet when packet.payload() != null ->
          new Event.PacketArrived(
              packet.socket(), packet.framing(), packet.volume(), packet.packet(), null);
      default -> event;
    };
  }

  /// Oldest first, one line each, times in microseconds before the last.
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (count == 0) {
      return lines;
    }
    long last = nanos[(int) ((count - 1) % EVENTS)];
    for (long n = Math.max(0, count - EVENTS); n < count; n++) {
      int at = (int) (n % EVENTS);
      lines.add("-" + (last - nanos[at]) / 1000 + " " + events[at]);
    }
    return lines;
  }
}
