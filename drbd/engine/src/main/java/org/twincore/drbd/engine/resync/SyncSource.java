package org.twincore.drbd.engine.resync;

import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// Answers the resync requests of a target (drbd-wire section 12.1).
///
/// From the request until its acknowledgement the blocks are closed to own application writes, so
/// that what is read here cannot overwrite anything newer there.
public final class SyncSource {
  /// Twice what the largest `max-buffers` lets a target ask for.
  private static final int ASKED_MAX = 1 << 17;

  /// How long an answer gives way to others.
  private static final long DELAY_NANOS = ResyncPacing.TURN_MILLIS * 1_000_000;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final ExtentGate gate;
  private final ExtentGate peerWrites;
  private final ReadRoom room;
  private final BooleanSupplier givesWay;
  private final ArrayDeque<Delayed> delayed = new ArrayDeque<>();
  private final Listener listener;
  private final TreeMap<Long, Asked> asked = new TreeMap<>();
  private int reads;
  private long failedBlocks;
  private long equalBlocks;

  /// What the volume must hear.
  @FunctionalInterface
  public interface Listener {
    void localReadFailed(String cause);
  }

  private static final class Asked {
    final Extent extent;

    /// The target's digest of the blocks, if it sent one.
    final @Nullable Payload hash;

    /// It need not be sent if it is all zeroes.
    final boolean isThin;

    ExtentGate.@Nullable Ticket ticket;

    Asked(Extent extent, @Nullable Payload hash, boolean isThin) {
      this.extent = extent;
      this.hash = hash;
      this.isThin = isThin;
    }
  }

  /// What a request has to pass: `own` is the gate of the own application writes, `peerWrites` that
  /// of what the peer has written here, `room` bounds the memory of reads; `givesWay` tells whether
  /// others want the disk (c-min-rate).
  public record Way(
      ExtentGate own, ExtentGate peerWrites, ReadRoom room, BooleanSupplier givesWay) {}

  private record Delayed(long dueNanos, Asked entry) {}

  public SyncSource(Device device, Turn turn, Peering peering, Way way, Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.gate = way.own;
    this.peerWrites = way.peerWrites;
    this.room = way.room;
    this.givesWay = way.givesWay;
    this.listener = listener;
  }

  /// A resync begins.
  public void start() {
    failedBlocks = 0;
    equalBlocks = 0;
  }

  /// Blocks of this resync that the target has already, by their digests.
  public long equalBlocks() {
    return equalBlocks;
  }

  /// What was asked for and is not acknowledged yet.
  public long sectorsInFlight() {
    return asked.values().stream().mapToLong(it -> it.extent.sizeSectors()).sum();
  }

  /// Blocks that could not be read here or written there.
  public long failedBlocks() {
    return failedBlocks;
  }

  /// Something was asked for and is not acknowledged yet.
  public boolean isServing() {
    return !asked.isEmpty();
  }

  /// No read is under way.
  public boolean isIdle() {
    return reads == 0;
  }

  /// P_RS_DATA_REQUEST, P_RS_THIN_REQ, or P_CSUM_RS_REQUEST with the target's digest of the blocks;
  /// answers why no honest target asks for that, or null.
  public @Nullable String asked(Packet.BlockRequest request, @Nullable Payload hash) {
    Extent extent = new Extent(request.sector(), request.sizeBytes());
    if (!device.hasUsableDisk() || !device.state().disk().isAtLeast(DiskState.UP_TO_DATE)) {
      refuse(extent);
      return null;
    }
    if (isAhead()) {
      cancel(extent);
      return null;
    }
    if (request.type() == PacketType.CSUM_RS_REQUEST) {
      int expected = peering.csumsDigest().map(DigestAlgorithm::sizeBytes).orElse(0);
      int found = hash == null ? 0 : hash.lengthBytes();
      if (found != expected || found == 0) {
        return "expected a digest of %d bytes (csums-alg), found %d".formatted(expected, found);
      }
    }
    if (!device.contains(extent)) {
      return "expected blocks before sector " + device.sizeSectors();
    }
    if (asked.containsKey(extent.sector())) {
      return "is already being served: sector " + extent.sector();
    }
    if (asked.size() >= ASKED_MAX) {
      return "expected %d requests at most at once".formatted(ASKED_MAX);
    }
    Asked entry = new Asked(extent, hash, request.type() == PacketType.RS_THIN_REQ);
    asked.put(extent.sector(), entry);
    device.counters().unacked(1);
    if (device.state().peer() != Role.PRIMARY && givesWay.getAsBoolean()) {
      delayed.add(new Delayed(turn.now() + DELAY_NANOS, entry));
    } else {
      serve(entry);
    }
    return null;
  }

  /// To be called at the end of each step: serves what gave way to others long enough.
  public void tick() {
    while (!delayed.isEmpty() && delayed.getFirst().dueNanos <= turn.now()) {
      Asked entry = delayed.removeFirst().entry;
      if (asked.get(entry.extent.sector()) == entry) {
        serve(entry);
      }
    }
  }

  public long deadlineNanos() {
    return delayed.isEmpty() ? Long.MAX_VALUE : delayed.getFirst().dueNanos;
  }

  private void serve(Asked entry) {
    Extent extent = entry.extent;
    entry.ticket =
        gate.enter(
            extent,
            ticket -> {
              entry.ticket = ticket;
              peerWrites.enter(
                  extent,
                  behind -> room.enter(extent.sizeBytes(), place -> read(entry, behind, place)));
            });
  }

  private void read(Asked entry, ExtentGate.Ticket behind, ReadRoom.Place place) {
    boolean isWanted = asked.get(entry.extent.sector()) == entry;
    if (!isWanted || !device.hasUsableDisk() || isAhead()) {
      peerWrites.leave(behind);
      room.leave(place);
      if (isWanted) {
        giveUp(entry);
      }
      return;
    }
    reads++;
    int link = peering.link();
    device.counters().read(entry.extent.sizeSectors());
    device.counters().resynced(entry.extent.sizeSectors());
    device
        .disk()
        .disk()
        .read(
            entry.extent,
            (error, data) -> {
              peerWrites.leave(behind);
              readDone(entry, new Reading(link, place), error, data);
            });
  }

  private record Reading(int link, ReadRoom.Place place) {}

  private void readDone(
      Asked entry, Reading reading, @Nullable String error, @Nullable Payload data) {
    reads--;
    boolean sameLink = reading.link == peering.link();
    if (error == null && data != null) {
      if (sameLink && isAhead()) {
        room.leave(reading.place);
        giveUp(entry);
      } else if (sameLink && isEqual(entry, data)) {
        room.leave(reading.place);
        inSync(entry);
      } else if (sameLink && entry.isThin && data.isZero()) {
        room.leave(reading.place);
        turn.send(
            device.volume(),
            new Packet.BlockDescription(
                PacketType.RS_DEALLOCATED,
                entry.extent.sector(),
                (int) entry.extent.sizeBytes(),
                0));
      } else if (sameLink) {
        long token = turn.newToken();
        device.counters().sent(entry.extent.sizeSectors());
        turn.send(
            device.volume(),
            new Packet.Data(
                PacketType.RS_DATA_REPLY,
                entry.extent.sector(),
                Packet.RESYNC_BLOCK_ID,
                0,
                0,
                data.lengthBytes()),
            data,
            token);
        room.sent(reading.place, token);
      } else {
        room.leave(reading.place);
      }
      return;
    }
    room.leave(reading.place);
    if (sameLink) {
      failedBlocks += entry.extent.blocks();
      forget(entry);
      refuse(entry.extent);
    }
    listener.localReadFailed(error == null ? "no data" : error);
  }

  private boolean isEqual(Asked entry, Payload data) {
    Payload hash = entry.hash;
    return hash != null
        && peering
            .csumsDigest()
            .filter(digest -> Payload.of(digest.digest(data)).equals(hash))
            .isPresent();
  }

  /// The target has these blocks already.
  private void inSync(Asked entry) {
    equalBlocks += entry.extent.blocks();
    if (device.backing() != null) {
      device.disk().markInSync(entry.extent);
    }
    forget(entry);
    turn.send(device.volume(), ResyncAcks.of(device, PacketType.RS_IS_IN_SYNC, entry.extent));
  }

  /// Not served, for good or until the next resync.
  private void giveUp(Asked entry) {
    forget(entry);
    if (isAhead()) {
      cancel(entry.extent);
    } else {
      refuse(entry.extent);
    }
  }

  /// The resync has ended for this time: the peer is behind, and asks again in the next one.
  private boolean isAhead() {
    return device.state().conn() == ConnectionState.AHEAD;
  }

  private void cancel(Extent extent) {
    turn.send(device.volume(), ResyncAcks.of(device, PacketType.RS_CANCEL, extent));
  }

  private void refuse(Extent extent) {
    turn.send(device.volume(), ResyncAcks.of(device, PacketType.NEG_RS_DREPLY, extent));
  }

  /// P_RS_WRITE_ACK or P_NEG_ACK with the resync block id; false if it answers nothing.
  public boolean acknowledged(Packet.BlockAck ack) {
    Asked entry = asked.get(ack.sector());
    if (entry == null || entry.extent.sizeBytes() != ack.sizeBytes()) {
      return false;
    }
    if (ack.type() == PacketType.NEG_ACK) {
      failedBlocks += entry.extent.blocks();
    } else if (device.backing() != null) {
      device.disk().markInSync(entry.extent);
    }
    forget(entry);
    return true;
  }

  private void forget(Asked entry) {
    asked.remove(entry.extent.sector());
    device.counters().unacked(-1);
    if (entry.ticket != null) {
      gate.leave(entry.ticket);
    }
  }

  /// The connection is gone.
  public void connectionLost() {
    List<Asked> lost = List.copyOf(asked.values());
    asked.clear();
    delayed.clear();
    for (Asked entry : lost) {
      if (entry.ticket != null) {
        gate.leave(entry.ticket);
      }
    }
  }
}
