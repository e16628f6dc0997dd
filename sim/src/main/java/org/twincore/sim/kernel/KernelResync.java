package org.twincore.sim.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.BitmapReceiver;
import org.twincore.drbd.wire.BitmapSender;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.sim.world.Simulation;

/// Bitmap exchange and resync in both directions (drbd-wire sections 11 and 12).
public final class KernelResync {
  private static final long TURN_NANOS = 100 * Simulation.MILLISECOND;
  private static final long DELAY_NANOS = 3 * Simulation.MILLISECOND;
  private static final int REQUEST_BYTES_MAX = 1 << 20;
  private static final int BLOCK_SECTORS = KernelDisk.BLOCK_BYTES / Extent.SECTOR_BYTES;
  private static final int REQUESTS_A_TURN = 16;
  private static final int BLOCKS_A_REQUEST = 8;
  private static final long LEFT_OVER = 1L << 48;

  private final KernelPeer node;
  private @Nullable BitmapReceiver incoming;
  private final List<Extent> asked = new ArrayList<>();
  private final List<Extent> replied = new ArrayList<>();

  /// Replies that are on their way to the own disk.
  private final List<Extent> writing = new ArrayList<>();

  private boolean hasTurn;
  private boolean isEnding;
  private boolean asksByItself = true;

  /// A block was marked after the bitmap had been sent, and the target does not know.
  private boolean hasLateMarks;

  KernelResync(KernelPeer node) {
    this.node = node;
  }

  void forget() {
    incoming = null;
    asked.clear();
    replied.clear();
    writing.clear();
    hasTurn = false;
    isEnding = false;
    hasLateMarks = false;
  }

  // ---- bitmaps

  void sendBitmap() {
    hasLateMarks = false;
    boolean runs = node.settings().usesRuns() && node.agreed().has(Since.BITMAP_RUNS);
    BitmapSender sender =
        new BitmapSender(
            node.disk,
            runs ? BitmapSender.Encoding.RUNS : BitmapSender.Encoding.PLAIN,
            node.agreed().framing());
    Optional<Packet.Bytes> next = sender.next();
    while (next.isPresent()) {
      node.wire.data(next.get(), null);
      next = sender.next();
    }
  }

  void bitmap(Packet.Bytes bytes) throws WireFormatException {
    ConnectionState conn = node.state().conn();
    boolean isAwaited = conn == ConnectionState.WF_BITMAP_S || conn == ConnectionState.WF_BITMAP_T;
    if (!isAwaited && isDiskGone()) {
      return; // of a resync that came to nothing
    }
    if (!isAwaited && node.attachment().mayBeOvertaken()) {
      node.hangUp("a bitmap of an earlier attach");
      return;
    }
    if (!isAwaited) {
      throw new Misbehaved(bytes + " in " + node.state());
    }
    BitmapReceiver receiver = incoming;
    if (receiver == null) {
      receiver = new BitmapReceiver(node.disk, node.disk.sizeBits(), node.agreed().framing());
      incoming = receiver;
    }
    if (receiver.accept(bytes) == BitmapReceiver.Progress.MORE) {
      return;
    }
    incoming = null;
    if (conn == ConnectionState.WF_BITMAP_T) {
      sendBitmap();
      node.setState(node.state().withConn(ConnectionState.WF_SYNC_UUID));
    } else {
      startAsSource();
    }
  }

  /// P_OUT_OF_SYNC.
  void described(Packet.BlockDescription description) {
    if (description.type() != PacketType.OUT_OF_SYNC) {
      throw new Misbehaved("nobody asked for " + description);
    }
    ConnectionState conn = node.state().conn();
    boolean isExpected =
        conn == ConnectionState.WF_BITMAP_T
            || conn == ConnectionState.WF_SYNC_UUID
            || conn == ConnectionState.BEHIND;
    if (!isExpected && !isDiskGone()) {
      throw new Misbehaved(description + " in " + node.state());
    }
    node.disk.setOutOfSync(new Extent(description.sector(), description.sizeBytes()));
  }

  /// The peer says only now that it does not have a write, which was lost with a disk that it has
  /// attached again meanwhile: P_NEG_ACK comes by the other socket.
  void markedLate() {
    hasLateMarks = true;
  }

  // ---- source

  void startWholeAsSource() {
    node.disk.setAll();
    node.setState(node.state().withConn(ConnectionState.STARTING_SYNC_S));
    startAsSource();
  }

  private void startAsSource() {
    long sync = KernelUuids.syncUuid(node.disk.uuids(), node::drawnUuid);
    node.disk.uuids(KernelUuids.resyncAs(node.disk.uuids(), sync));
    node.setState(
        node.state().withConn(ConnectionState.SYNC_SOURCE).withPdsk(DiskState.INCONSISTENT));
    node.wire.data(new Packet.SyncUuid(sync), null);
  }

  /// A request for a block, perhaps with the digest of what the target has there.
  void request(Packet.BlockRequest request, @Nullable Payload digest) {
    ConnectionState conn = node.state().conn();
    Extent extent = new Extent(request.sector(), request.sizeBytes());
    boolean isInside =
        extent.endSector() <= node.disk.sectors() && extent.sizeBytes() <= REQUEST_BYTES_MAX;
    if (!node.attachment().isThere()) {
      acknowledge(PacketType.NEG_RS_DREPLY, extent);
      return;
    }
    if (isDiskGone()) {
      return; // asked for before the target had agreed with this node to give up its disk
    }
    boolean isSource =
        conn == ConnectionState.SYNC_SOURCE
            || conn == ConnectionState.PAUSED_SYNC_S
            || conn == ConnectionState.CONNECTED
                && node.state().pdsk() == DiskState.INCONSISTENT; // what it said before it agreed
    if (!isSource || !isInside || request.blockId() != Packet.RESYNC_BLOCK_ID) {
      throw new Misbehaved(request + " in " + node.state());
    }
    node.later(
        node.random.nextLong(DELAY_NANOS),
        () -> {
          if (!node.attachment().isThere()) {
            acknowledge(PacketType.NEG_RS_DREPLY, extent);
          } else if (digest != null && Arrays.equals(digest.toByteArray(), digest(extent))) {
            isAlreadyThere(extent);
          } else {
            answer(extent);
          }
        });
  }

  private byte[] digest(Extent extent) {
    return node.settings()
        .digests()
        .checksums()
        .orElseThrow(() -> new Misbehaved("no csums-alg is configured"))
        .digest(node.disk.read(extent));
  }

  /// P_RS_IS_IN_SYNC; what stands in its block_id is left-over memory in the kernel.
  private void isAlreadyThere(Extent extent) {
    node.disk.setInSync(extent);
    node.wire.meta(
        new Packet.BlockAck(
            PacketType.RS_IS_IN_SYNC,
            extent.sector(),
            node.random.nextLong(LEFT_OVER),
            (int) extent.sizeBytes(),
            node.nextSequence()));
    endByItself();
  }

  private void answer(Extent extent) {
    Payload payload = node.disk.read(extent);
    replied.add(extent);
    node.send(
        new Packet.Data(
            PacketType.RS_DATA_REPLY,
            extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            0,
            0,
            payload.lengthBytes()),
        payload);
  }

  /// An answer to a reply, or to a request that the source cannot fulfil.
  void ack(Packet.BlockAck ack) {
    Extent extent = new Extent(ack.sector(), ack.sizeBytes());
    boolean isKnown =
        switch (ack.type()) {
          case RS_WRITE_ACK, NEG_ACK -> replied.remove(extent);
          case NEG_RS_DREPLY -> asked.remove(extent);
          default -> false;
        };
    if (!isKnown) {
      throw new Misbehaved("an ack for nothing: " + ack);
    }
    if (ack.type() == PacketType.RS_WRITE_ACK) {
      node.disk.setInSync(extent);
      endByItself();
    }
  }

  private boolean isDiskGone() {
    return !node.attachment().isThere() || node.state().pdsk().isBelow(DiskState.INCONSISTENT);
  }

  private void acknowledge(PacketType type, Extent extent) {
    node.wire.meta(
        new Packet.BlockAck(
            type,
            extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) extent.sizeBytes(),
            node.nextSequence()));
  }

  /// Beside an old peer, which does not say when it is through.
  private void endByItself() {
    boolean endsByItself =
        !node.agreed().has(Since.LATE_MARKS)
            && node.state().conn() == ConnectionState.SYNC_SOURCE
            && node.disk.bitsSet() == 0;
    if (endsByItself) {
      endedAtTarget();
    }
  }

  /// The target says that it is through; with bits left that was said before it began.
  void endedAtTarget() {
    if (node.disk.bitsSet() != 0) {
      if (hasLateMarks) {
        node.hangUp("an admin reconnects: this would stay a source for ever");
      }
      return;
    }
    node.disk.flush();
    node.disk.uuids(KernelUuids.withoutBitmap(node.disk.uuids()));
    node.bothHaveEqualUuids();
    node.setState(node.state().withConn(ConnectionState.CONNECTED).withPdsk(DiskState.UP_TO_DATE));
    node.ping(() -> {});
  }

  // ---- target

  void startWholeAsTarget() {
    node.disk.setAll();
    node.setState(
        node.state().withConn(ConnectionState.WF_SYNC_UUID).withDisk(DiskState.INCONSISTENT));
  }

  /// May P_SYNC_UUID be taken now? Else whoever reads the socket waits until it may.
  boolean takesSyncUuid() {
    return node.state().conn() == ConnectionState.WF_SYNC_UUID
        || !node.attachment().isNegotiatingOrThere();
  }

  void syncUuid(long uuid) {
    if (!takesSyncUuid()) {
      throw new Misbehaved("P_SYNC_UUID in " + node.state());
    }
    if (!node.attachment().isThere()) {
      return;
    }
    long current = KernelUuids.role(uuid, node.isPrimary());
    node.disk.uuids(node.disk.uuids().withCurrent(current).withBitmap(0));
    node.setState(node.state().withConn(ConnectionState.SYNC_TARGET));
    endIfThrough();
  }

  /// From now on only what [#ask] names is asked for.
  void askOnlyWhatIsNamed() {
    asksByItself = false;
  }

  /// The resync goes on.
  void requestSoon() {
    if (asksByItself && !hasTurn) {
      hasTurn = true;
      node.later(node.random.nextLong(TURN_NANOS), this::turn);
    }
  }

  private void turn() {
    hasTurn = false;
    if (node.state().conn() != ConnectionState.SYNC_TARGET) {
      return;
    }
    endIfThrough(); // an empty resync that was paused
    int block = node.disk.nextOutOfSync(0);
    for (int i = 0; i < REQUESTS_A_TURN && block >= 0; i++) {
      int count = 1;
      while (count < BLOCKS_A_REQUEST
          && block + count < node.disk.blocks()
          && node.disk.isOutOfSync(block + count)
          && node.random.nextInt(4) != 0) {
        count++;
      }
      Extent extent = extent(block, count);
      boolean isOnItsWay =
          asked.stream().anyMatch(extent::overlaps) || writing.stream().anyMatch(extent::overlaps);
      if (!isOnItsWay) {
        ask(extent);
      }
      block = node.disk.nextOutOfSync(block + count);
    }
    if (!isEnding) {
      requestSoon();
    }
  }

  private Extent extent(int block, int count) {
    long from = (long) block * BLOCK_SECTORS;
    long end = Math.min(from + (long) count * BLOCK_SECTORS, node.disk.sectors());
    return new Extent(from, (end - from) * Extent.SECTOR_BYTES);
  }

  void ask(Extent extent) {
    asked.add(extent);
    boolean compares =
        node.settings().digests().checksums().isPresent() && node.agreed().has(Since.CHECKSUMS);
    Payload digest = compares ? Payload.of(digest(extent)) : null;
    node.wire.data(
        new Packet.BlockRequest(
            compares ? PacketType.CSUM_RS_REQUEST : PacketType.RS_DATA_REQUEST,
            extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) extent.sizeBytes(),
            0,
            digest == null ? 0 : digest.lengthBytes()),
        digest);
  }

  /// P_RS_IS_IN_SYNC: what is here is what the source has.
  void isInSync(Packet.BlockAck ack) {
    Extent extent = new Extent(ack.sector(), ack.sizeBytes());
    if (!asked.remove(extent)) {
      throw new Misbehaved("nobody asked for " + ack);
    }
    node.disk.setInSync(extent);
    endIfThrough();
  }

  void reply(Packet.Data data, Payload payload) {
    Extent extent = new Extent(data.sector(), payload.lengthBytes());
    if (data.blockId() != Packet.RESYNC_BLOCK_ID || !asked.remove(extent)) {
      throw new Misbehaved("nobody asked for " + data);
    }
    if (!node.attachment().isThere()) {
      acknowledge(PacketType.NEG_ACK, extent);
      return;
    }
    node.disk.write(data.sector(), payload);
    writing.add(extent);
    node.later(
        node.random.nextLong(DELAY_NANOS),
        () -> {
          writing.remove(extent);
          node.disk.setInSync(extent);
          boolean isWritten = !node.attachment().isBroken();
          acknowledge(isWritten ? PacketType.RS_WRITE_ACK : PacketType.NEG_ACK, extent);
          endIfThrough();
        });
  }

  /// Once nothing is out of sync and nothing asked for: the source must have seen all acks first.
  private void endIfThrough() {
    boolean isThrough =
        node.state().conn() == ConnectionState.SYNC_TARGET
            && node.disk.bitsSet() == 0
            && asked.isEmpty()
            && writing.isEmpty();
    if (!isThrough || isEnding) {
      return;
    }
    isEnding = true;
    node.ping(() -> {
      isEnding = false;
      if (isDiskGone()) {
        return; // lost meanwhile
      }
      node.disk.flush();
      node.disk.uuids(
          KernelUuids.afterTarget(node.disk.uuids(), node.peerUuids().uuids(), node.isPrimary()));
      node.bothHaveEqualUuids();
      node.setState(
          node.state()
              .withConn(ConnectionState.CONNECTED)
              .withDisk(DiskState.UP_TO_DATE)
              .withPdsk(DiskState.UP_TO_DATE));
    });
  }
}
