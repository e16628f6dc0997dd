package org.twincore.daemon.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.engine.port.Link;
import org.twincore.host.net.PacketSink;
import org.twincore.host.net.TcpLink;
import org.twincore.host.net.Wrapping;

/// The link of a resource whose addresses come and go with `connect`.
///
/// Each `connect` gets a link of its own; what a former one still says is not heard.
final class SwitchedLink implements Link {
  private final String name;
  private final Wrapping wrapping;
  private volatile @Nullable Wired current;

  SwitchedLink(String name, Wrapping wrapping) {
    this.name = name;
    this.wrapping = wrapping;
  }

  private record Wired(TcpLink link, Gate gate) {}

  /// Uses these addresses from now on. Called between two events.
  void use(TcpLink.Ends ends, PacketSink sink) {
    close();
    Gate gate = new Gate(sink);
    current = new Wired(new TcpLink(name, ends, wrapping, gate), gate);
  }

  void close() {
    Wired old = current;
    current = null;
    if (old != null) {
      old.gate.isShut = true;
      old.link.close();
    }
  }

  @Override
  public void carryOut(Effect.OfLink effect) {
    Wired wired = current;
    if (wired != null) {
      wired.link.carryOut(effect);
    }
  }

  void flush(EventSink sentSink) {
    Wired wired = current;
    if (wired != null) {
      wired.link.flush(sentSink);
    }
  }

  private static final class Gate implements PacketSink {
    private final PacketSink sink;
    private volatile boolean isShut;

    Gate(PacketSink sink) {
      this.sink = sink;
    }

    @Override
    public void post(Event event) {
      if (!isShut) {
        sink.post(event);
      }
    }

    @Override
    public void postAll(List<Event> events) {
      if (!isShut) {
        sink.postAll(events);
      }
    }
  }
}
