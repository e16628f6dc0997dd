package org.twincore.drbd.engine.resync;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.meta.SyncBitmap;
import org.twincore.drbd.wire.BitSink;
import org.twincore.drbd.wire.BitSource;
import org.twincore.drbd.wire.BitmapReceiver;
import org.twincore.drbd.wire.BitmapSender;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.WireFormatException;

/// Tells the peer one volume's bitmap and adds the peer's to it (drbd-wire section 11.1).
public final class BitmapExchange {
  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private @Nullable BitmapReceiver receiver;

  public BitmapExchange(Device device, Turn turn, Peering peering) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
  }

  /// Queues all packets of the bitmap as it is now.
  public void send() {
    SyncBitmap bitmap = device.disk().bitmap();
    boolean runs = peering.net().flag(Option.USE_RLE) && peering.has(Since.BITMAP_RUNS);
    BitmapSender sender =
        new BitmapSender(
            new Source(bitmap),
            runs ? BitmapSender.Encoding.RUNS : BitmapSender.Encoding.PLAIN,
            peering.agreement().framing());
    for (Optional<Packet.Bytes> next = sender.next(); next.isPresent(); next = sender.next()) {
      turn.send(device.volume(), next.get());
    }
  }

  /// Takes one packet of the peer's bitmap; COMPLETE at the last one.
  public BitmapReceiver.Progress receive(Packet.Bytes packet) throws WireFormatException {
    SyncBitmap bitmap = device.disk().bitmap();
    BitmapReceiver running = receiver;
    if (running == null) {
      running =
          new BitmapReceiver(new Sink(bitmap), bitmap.sizeBits(), peering.agreement().framing());
      receiver = running;
    }
    BitmapReceiver.Progress progress = running.accept(packet);
    if (progress == BitmapReceiver.Progress.COMPLETE) {
      receiver = null;
    }
    return progress;
  }

  /// Forgets a transfer that was cut.
  public void reset() {
    receiver = null;
  }

  private record Source(SyncBitmap bitmap) implements BitSource {
    @Override
    public long sizeBits() {
      return bitmap.sizeBits();
    }

    @Override
    public long nextSet(long from) {
      return bitmap.nextSet(from);
    }

    @Override
    public long nextClear(long from) {
      return bitmap.nextClear(from);
    }

    @Override
    public long word(long index) {
      return bitmap.word(index);
    }
  }

  private record Sink(SyncBitmap bitmap) implements BitSink {
    @Override
    public void setRange(long from, long to) {
      bitmap.setBits(from, to);
    }

    @Override
    public void orWord(long index, long word) {
      bitmap.orWord(index, word);
    }
  }
}
