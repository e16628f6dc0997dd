package org.twincore.drbd.engine.resync;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.exchange.VerifyReport;
import org.twincore.drbd.engine.resync.AskedBlocks.Asked;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// The node that verifies: has the peer hash block after block and compares with its own (VerifyS,
/// drbd-wire section 13).
///
/// Blocks are asked for in ascending order, since the peer counts from the first one. From the
/// request until the result a block is closed to own application writes; the peer does the same, so
/// no write that is under way looks like a difference.
///
/// A block that differs is looked at twice ([SecondLook]). Neither side can take back a mark: the
/// peer makes its own when P_OV_RESULT says "out of sync". So the first result says "in sync", and
/// only the second look marks, on both sides. What can get no second look, because the verify is
/// cut, is marked here: nothing that was seen to differ is forgotten. With a peer that cannot be
/// told of an early end (`checksTwice` false) the first look marks.
public final class VerifySource {
  /// The peer's hash was the same.
  public static final long IN_SYNC = 4711;

  /// The peer's hash was another one.
  public static final long OUT_OF_SYNC = 4712;

  private static final long TURN_NANOS = ResyncPacing.TURN_MILLIS * 1_000_000;
  private static final long BLOCK_SECTORS = 8;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final ResyncPacing pacing;
  private final BooleanSupplier givesWay;
  private final Listener listener;
  private final BlockReader reader;
  private final VerifyFindings findings;
  private final SecondLook second = new SecondLook();
  private final RateCap cap = new RateCap();
  private final AskedBlocks asked;
  private boolean checksTwice;
  private DigestAlgorithm algorithm = DigestAlgorithm.SHA1;
  private boolean running;
  private boolean isHeldUp;
  private long firstSector;
  private long nextSector;
  private long endSector;
  private long leftBlocks;
  private long nextTurnNanos = Long.MAX_VALUE;

  /// What the volume must hear.
  public interface Listener {
    /// Every block up to the end was compared.
    void verified();

    /// The peer must be made ready for a second look; answered by [VerifySource#lookAgain].
    void wantsSecondLook();

    void localReadFailed(String cause);
  }

  /// `applications` is the gate of own application writes, `peerWrites` that of what the peer has
  /// written here; `room` bounds the memory of reads.
  public VerifySource(
      Device device,
      Turn turn,
      Peering peering,
      ExtentGate applications,
      ExtentGate peerWrites,
      ReadRoom room,
      SyncTarget.Pace pace,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.asked = new AskedBlocks(applications);
    this.pacing = pace.pacing();
    this.givesWay = pace.givesWay();
    this.listener = listener;
    this.reader = new BlockReader(device, peerWrites, room);
    this.findings = new VerifyFindings(device, turn);
  }

  /// What is to be compared: from the block at `fromSector`, a multiple of 8 on the device, up to
  /// before `stopSector` or the end of the device; at most so many KiB in a second (Long.MAX_VALUE:
  /// as the resync options say).
  public record Plan(long fromSector, long stopSector, long mostKibPerSecond) {}

  /// Begins; `twice`: differences are looked at twice before they count.
  public void start(Plan plan, DigestAlgorithm with, boolean twice) {
    algorithm = with;
    checksTwice = twice;
    running = true;
    isHeldUp = false;
    firstSector = plan.fromSector;
    nextSector = firstSector;
    endSector = Math.min(plan.stopSector, device.sizeSectors());
    leftBlocks = new Extent(firstSector, (endSector - firstSector) * Extent.SECTOR_BYTES).blocks();
    second.clear();
    findings.start();
    cap.start(plan.mostKibPerSecond);
    pacing.restart();
    nextTurnNanos = turn.now();
  }

  /// The verify is over, finished or cut. Blocks that differed and got no second look are marked.
  public VerifyReport stop() {
    boolean isInterrupted = leftBlocks() > 0;
    long reached = hasSeenAll() ? endSector : reachedSector();
    running = false;
    nextTurnNanos = Long.MAX_VALUE;
    device.counters().peerPending(-asked.abandon());
    markUnsettled();
    findings.end();
    return findings.report(firstSector, endSector, reached, isInterrupted);
  }

  private void markUnsettled() {
    for (Extent extent : second.giveUp()) {
      findings.differs(extent);
    }
  }

  /// The connection is gone: nothing more will be answered.
  public void connectionLost() {
    asked.connectionLost();
  }

  /// No read is under way.
  public boolean isIdle() {
    return reader.isIdle();
  }

  /// Blocks that were not compared yet.
  public long leftBlocks() {
    return leftBlocks + second.size();
  }

  /// Where it began.
  public long firstSector() {
    return firstSector;
  }

  /// Before which it ends.
  public long endSector() {
    return endSector;
  }

  /// Where the next request goes.
  public long positionSectors() {
    return nextSector;
  }

  /// The first block that was not compared: where a verify that was cut may go on.
  public long reachedSector() {
    return asked.size() == 0 || second.isLooking() ? nextSector : asked.firstSector();
  }

  /// As [#reachedSector], but before the first block that waits for its second look.
  public long settledSector() {
    return Math.min(reachedSector(), second.firstSector());
  }

  /// Every block was compared at least once.
  private boolean hasSeenAll() {
    return leftBlocks == 0;
  }

  /// Blocks that differed in the first look and wait for the second.
  public int suspectBlocks() {
    return second.size();
  }

  public long deadlineNanos() {
    return Math.min(nextTurnNanos, second.deadlineNanos());
  }

  /// To be called at the end of each step: asks for more when it is time.
  public void tick() {
    if (!running) {
      return;
    }
    if (second.isDue(turn.now())) {
      listener.wantsSecondLook();
    }
    if (turn.now() >= nextTurnNanos) {
      nextTurnNanos = turn.now() + TURN_NANOS;
      pacing.turn();
      cap.turn();
      if (pacing.mayAskBlocks() > 0 && givesWay.getAsBoolean()) {
        pacing.leaveRest();
      }
    }
    while (!isHeldUp && hasNext() && pacing.mayAskBlocks() > 0 && cap.mayAsk()) {
      ask();
    }
    if (!hasNext()) {
      nextTurnNanos = Long.MAX_VALUE;
    }
  }

  /// The peer is ready for the second look or not yet (`isReady` false). Ignored if none was asked
  /// for.
  public void lookAgain(boolean isReady) {
    if (!second.isAsking()) {
      return;
    }
    if (isReady) {
      second.begin();
      nextTurnNanos = turn.now();
    } else if (!second.tryLater(turn.now())) {
      turn.log(
          Effect.Level.WARN,
          "volume %d: The peer takes no second look at %d blocks that differed: all are marked here"
              .formatted(device.volume(), second.size()));
      markUnsettled();
      listener.verified();
    }
  }

  /// Whether [#lookAgain] waits to be called.
  public boolean awaitsSecondLook() {
    return second.isAsking();
  }

  /// The peer does not know how many blocks a second look has: it must have heard all results
  /// before it is told of the end.
  public boolean hasLookedTwice() {
    return second.wasNeeded();
  }

  private boolean hasNext() {
    return nextSector < endSector || second.hasNext();
  }

  private void ask() {
    Extent extent = next();
    device.counters().peerPending(1);
    pacing.requested(1);
    cap.asked();
    isHeldUp = true;
    asked.add(extent, this::request);
  }

  private Extent next() {
    Extent again = second.next();
    if (again != null) {
      return again;
    }
    long sectors = Math.min(BLOCK_SECTORS, device.sizeSectors() - nextSector);
    Extent extent = new Extent(nextSector, sectors * Extent.SECTOR_BYTES);
    nextSector += BLOCK_SECTORS;
    return extent;
  }

  private void request(Asked entry) {
    isHeldUp = false;
    entry.sent = true;
    turn.send(
        device.volume(),
        new Packet.BlockRequest(
            PacketType.OV_REQUEST,
            entry.extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) entry.extent.sizeBytes()));
  }

  /// P_OV_REPLY with the peer's hash; answers why it answers no question, or null.
  public @Nullable String replied(Packet.BlockRequest reply, @Nullable Payload hash) {
    Asked entry = asked.awaiting(reply.sector(), reply.sizeBytes());
    if (entry == null) {
      return asked.isLate(reply.sector())
          ? null
          : "answers nothing: sector %d, %d bytes".formatted(reply.sector(), reply.sizeBytes());
    }
    if (hash == null || hash.lengthBytes() != algorithm.sizeBytes()) {
      return "expected a digest of %d bytes (verify-alg), found %d"
          .formatted(algorithm.sizeBytes(), hash == null ? 0 : hash.lengthBytes());
    }
    answered(entry);
    device.counters().unacked(1);
    int link = peering.link();
    reader.read(entry.extent, (error, data) -> compare(entry, hash, link, error, data));
    return null;
  }

  /// P_NEG_RS_DREPLY: the peer has no disk for it; false if nobody asked.
  public boolean refused(Packet.BlockAck packet) {
    Asked entry = asked.awaiting(packet.sector(), packet.sizeBytes());
    if (entry == null) {
      return asked.isLate(packet.sector());
    }
    answered(entry);
    if (second.isLooking()) {
      findings.differs(entry.extent);
    }
    done(entry);
    return true;
  }

  private void answered(Asked entry) {
    entry.answered = true;
    device.counters().peerPending(-1);
    pacing.arrived(BLOCK_SECTORS);
  }

  private void compare(
      Asked entry, Payload hash, int link, @Nullable String error, @Nullable Payload data) {
    if (link == peering.link()) {
      device.counters().unacked(-1);
      // Without a disk there is nothing to say, but for what has differed before.
      boolean isEqual =
          device.hasUsableDisk()
              ? data != null && hash.equals(Payload.of(algorithm.digest(data)))
              : !second.isLooking();
      boolean counts = note(entry.extent, isEqual);
      turn.send(
          device.volume(),
          ResyncAcks.of(
              device, PacketType.OV_RESULT, entry.extent, counts ? OUT_OF_SYNC : IN_SYNC));
      done(entry);
    }
    if (error != null && device.hasUsableDisk()) {
      listener.localReadFailed(error);
    }
  }

  /// Whether it is out of sync for good. After the end of the verify nothing is looked at again.
  private boolean note(Extent extent, boolean isEqual) {
    if (second.isLooking()) {
      if (isEqual) {
        findings.drop(extent);
      } else {
        findings.differs(extent);
      }
      return !isEqual;
    }
    findings.compared(extent);
    if (isEqual) {
      findings.isEqual();
      return false;
    }
    if (running && checksTwice && second.add(extent)) {
      return false;
    }
    findings.differs(extent);
    return true;
  }

  private void done(Asked entry) {
    if (!asked.remove(entry)) {
      return;
    }
    asked.leave(entry);
    if (second.isLooking()) {
      second.settle(entry.extent);
    } else {
      leftBlocks--;
    }
    if (leftBlocks() > 0) {
      if (leftBlocks == 0 && !second.isLooking()) {
        second.plan(turn.now());
      }
      return;
    }
    listener.verified();
  }
}
