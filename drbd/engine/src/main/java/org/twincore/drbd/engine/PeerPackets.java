package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.TEAR_DOWN;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.VersionForms;

/// Brings each packet of an established connection to the part that it is for (drbd-wire section
/// 3).
///
/// A packet that no honest peer sends ends the connection ([PeerLink#violated]).
///
/// One of the data socket may have to wait before, in this order: for a handler program that
/// decides whether a resync may begin ([HeldPackets]), for a size that is being found out
/// ([Resizes]), and, with two Primaries, for an ack that was sent before it ([DataOrder]). Each
/// keeps the order.
final class PeerPackets {
  private static final Payload NO_DATA = Payload.of(new byte[0]);

  private final Parts parts;
  private final Parameters parameters;
  private final PeerStates peerStates;
  private final Resyncs resyncs;
  private final ClusterChanges changes;
  private final Liveness liveness;
  private final NetSettings settings;
  private final Resizes resizes;
  private final PeerLink link;
  private final SizeChanges sizes;

  PeerPackets(
      Parts parts,
      Parameters parameters,
      PeerStates peerStates,
      Resyncs resyncs,
      ClusterChanges changes,
      Liveness liveness,
      NetSettings settings,
      Resizes resizes,
      PeerLink link) {
    this.parts = parts;
    this.parameters = parameters;
    this.peerStates = peerStates;
    this.resyncs = resyncs;
    this.changes = changes;
    this.liveness = liveness;
    this.settings = settings;
    this.link = link;
    this.resizes = resizes;
    this.sizes = new SizeChanges(parts, parameters, resyncs, resizes, link);
    resizes.packets(this::inOrder);
  }

  void take(Event.PacketArrived arrived) {
    if (!resizes.holds(arrived)) {
      inOrder(arrived);
    }
  }

  /// What the order of two Primaries lets through, and what waited for it.
  private void inOrder(Event.PacketArrived arrived) {
    if (!link.order().keeps(arrived)) {
      bring(arrived);
    }
    goOn();
  }

  /// What waited for an ack that has come, unless a resize holds it too.
  void goOn() {
    while (!resizes.isHolding()) {
      Optional<Event.PacketArrived> next = link.order().next();
      if (next.isEmpty()) {
        return;
      }
      bring(next.get());
    }
  }

  /// Is it a write, or a barrier, behind the peer's farewell? Whether the peer has a disk that has
  /// the write is not heard any more; if not it would be marked nowhere. The sender knows that
  /// there was no answer.
  private boolean isWriteBehindFarewell(Packet packet) {
    if (link.conn() != TEAR_DOWN) {
      return false;
    }
    return switch (packet.type()) {
      case DATA, TRIM, ZEROES, WSAME, BARRIER -> true;
      default -> false;
    };
  }

  private void bring(Event.PacketArrived arrived) {
    Packet packet = arrived.packet();
    if (isWriteBehindFarewell(packet)) {
      return;
    }
    Optional<String> refusal = refusal(arrived);
    if (refusal.isPresent()) {
      violates(packet, refusal.get());
      return;
    }
    if (!link.protocolSeen() && packet.type().stream() == PacketType.Stream.DATA) {
      firstPacket(packet);
      return;
    }
    if (ofConnection(packet, arrived.volume())) {
      return;
    }
    Volume volume = parts.volumes.get(arrived.volume());
    if (volume == null) {
      unknownVolume(packet, arrived.volume());
      return;
    }
    ofVolume(volume, packet, arrived.payload());
  }

  /// What no peer sends at the agreed version.
  private Optional<String> refusal(Event.PacketArrived arrived) {
    boolean hasVolume = arrived.framing() == Framing.H100;
    if (hasVolume != parts.peering.has(Since.VOLUMES)) {
      return Optional.of("has not the header of protocol " + parts.peering.version());
    }
    return VersionForms.refusal(arrived.packet(), parts.peering.agreement());
  }

  private void violates(Packet packet, String what) {
    link.violated(packet.type(), what);
  }

  /// The peer may have a volume more: what it tells of itself is no error (drbd-wire section 2).
  private void unknownVolume(Packet packet, int number) {
    switch (packet.type()) {
      case SYNC_PARAM, SYNC_PARAM89, SIZES, UUIDS, STATE ->
          parts.turn.log(
              Effect.Level.INFO,
              packet.type().wireName() + " for volume " + number + ", which is not here");
      default -> violates(packet, "unknown volume " + number);
    }
  }

  private void firstPacket(Packet packet) {
    if (!(packet instanceof Packet.Protocol protocol) || packet.type() != PacketType.PROTOCOL) {
      String hint =
          packet.type() == PacketType.AUTH_CHALLENGE ? ": is cram-hmac-alg set on both nodes?" : "";
      violates(packet, "expected P_PROTOCOL, found " + packet.type().wireName() + hint);
      return;
    }
    refuse(link.protocolArrived(protocol));
    settings.takeDigest(protocol);
  }

  private void refuse(@Nullable String why) {
    if (why != null) {
      link.lose(DISCONNECTING, why);
    }
  }

  /// Packets that are for no one volume.
  private boolean ofConnection(Packet packet, int number) {
    switch (packet.type()) {
      case PING -> parts.turn.send(0, new Packet.Empty(PacketType.PING_ACK));
      case PING_ACK -> liveness.pong();
      case BARRIER -> {
        if (packet instanceof Packet.Barrier barrier) {
          link.epochs().barrier(barrier.barrier());
        }
      }
      case BARRIER_ACK -> {
        if (packet instanceof Packet.BarrierAck ack && !parts.log.barrierAcknowledged(ack)) {
          violates(
              packet,
              "%s, found #%d with %d writes"
                  .formatted(
                      parts.log.expected(), Integer.reverseBytes(ack.barrier()), ack.setSize()));
        }
      }
      case CONN_ST_CHG_REQ -> {
        if (packet instanceof Packet.StateChange request) {
          peerStates.connectionAsked(request);
        }
      }
      case CONN_ST_CHG_REPLY, STATE_CHG_REPLY -> {
        if (packet.type() == PacketType.STATE_CHG_REPLY && parts.volumes.get(number) == null) {
          unknownVolume(packet, number);
        } else if (packet instanceof Packet.StateChangeReply reply) {
          expect(packet, changes.answered(number, reply));
        }
      }
      case PROTOCOL_UPDATE -> {
        if (packet instanceof Packet.Protocol protocol) {
          settings.peerChanges(protocol);
        }
      }
      case UNPLUG_REMOTE, DELAY_PROBE -> {}
      case PROTOCOL,
          CONNECTION_FEATURES,
          AUTH_CHALLENGE,
          AUTH_RESPONSE,
          INITIAL_DATA,
          INITIAL_META ->
          violates(packet, "only at the start of a connection");
      default -> {
        return false;
      }
    }
    return true;
  }

  private void ofVolume(Volume volume, Packet packet, @Nullable Payload payload) {
    if (isOfData(packet) && volume.device.state().conn() == WF_REPORT_PARAMS) {
      violates(packet, "before the handshake of the disks");
      return;
    }
    switch (packet) {
      case Packet.Data data -> data(volume, data, payload == null ? NO_DATA : payload);
      case Packet.Range range when range.type() != PacketType.WSAME -> range(volume, range);
      case Packet.BlockAck ack -> ack(volume, ack);
      case Packet.BlockRequest request -> request(volume, request, payload);
      case Packet.BlockDescription description -> description(volume, description);
      case Packet.SyncParam param -> refuse(parameters.take(volume, SyncParams.of(param)));
      case Packet.SyncParam89 param -> refuse(parameters.take(volume, SyncParams.of(param)));
      case Packet.Sizes packetOfSizes -> sizes.arrived(volume, packetOfSizes);
      case Packet.Uuids uuids -> refuse(parameters.take(volume, uuids));
      case Packet.State state -> {
        peerStates.arrived(volume, state);
        sizes.settle(volume);
      }
      case Packet.StateChange request -> peerStates.asked(volume, request);
      case Packet.SyncUuid uuid -> {
        // The answer to our question comes on the other socket and may be overtaken.
        boolean mayBeEarly = changes.isAsking(volume.number(), ClusterChange.INVALIDATE);
        resyncs.syncUuidArrived(volume, uuid.uuid(), mayBeEarly);
      }
      case Packet.Bytes bytes -> bitmap(volume, bytes);
      default -> violates(packet, "not spoken here");
    }
  }

  /// About blocks. An honest peer speaks of them only after its P_STATE, which ends the handshake
  /// here.
  private static boolean isOfData(Packet packet) {
    return packet instanceof Packet.Data
        || packet instanceof Packet.Range
        || packet instanceof Packet.BlockAck
        || packet instanceof Packet.BlockRequest
        || packet instanceof Packet.BlockDescription;
  }

  /// `wrong` says what is, null if nothing.
  private void expect(Packet packet, @Nullable String wrong) {
    if (wrong != null) {
      violates(packet, wrong);
    }
  }

  private static @Nullable String unless(boolean ok, Supplier<String> wrong) {
    return ok ? null : wrong.get();
  }

  private void range(Volume volume, Packet.Range range) {
    volume.peerSequence.seen(range.sequence());
    BlockRange blocks = BlockRange.ofDiscard(range.sector(), range.sizeBytes());
    String wrong = blocks.unsound();
    if (wrong == null) {
      boolean isTaken = volume.peerWrites.discard(range, link.epochs());
      wrong = unless(isTaken, () -> blocks.beyond(volume.device.sizeSectors()));
    }
    expect(range, wrong);
  }

  private void data(Volume volume, Packet.Data data, Payload sealed) {
    if (data.type() == PacketType.DATA) {
      volume.peerSequence.seen(data.sequence());
    }
    Payload payload = opened(sealed);
    if (payload == null) {
      violates(
          data,
          "sector %d, %d bytes: the digest is not that of the data (%s)"
              .formatted(data.sector(), sealed.lengthBytes(), digestName()));
      return;
    }
    if (isEmptyFlush(data, payload)) {
      volume.peerWrites.flush(data, payload, link.epochs());
      return;
    }
    BlockRange blocks = BlockRange.ofData(data.sector(), payload.lengthBytes());
    expect(
        data,
        blocks.unsound() == null ? soundData(volume, data, payload, blocks) : blocks.unsound());
  }

  private @Nullable String soundData(
      Volume volume, Packet.Data data, Payload payload, BlockRange blocks) {
    long end = volume.device.sizeSectors();
    return switch (data.type()) {
      case DATA ->
          unless(volume.peerWrites.write(data, payload, link.epochs()), () -> blocks.beyond(end));
      case DATA_REPLY ->
          unless(volume.reads.replied(data, payload), () -> blocks.unasked(data.blockId(), end));
      case RS_DATA_REPLY ->
          unless(
              volume.syncTarget.replied(data, payload), () -> blocks.unasked(data.blockId(), end));
      default -> "not spoken here";
    };
  }

  private String digestName() {
    return parts.peering.expectedDigest().map(DigestAlgorithm::linuxName).orElse("none");
  }

  /// No data, and a place in an epoch all the same.
  private static boolean isEmptyFlush(Packet.Data data, Payload payload) {
    return data.type() == PacketType.DATA
        && payload.lengthBytes() == 0
        && data.sector() == 0
        && (data.flags() & DpFlags.FLUSH) != 0;
  }

  /// The data without its digest, if there is one and it is right; else null.
  private @Nullable Payload opened(Payload sealed) {
    return parts
        .peering
        .expectedDigest()
        .map(digest -> digest.open(sealed))
        .orElse(Optional.of(sealed))
        .orElse(null);
  }

  private void ack(Volume volume, Packet.BlockAck ack) {
    boolean mayBeOfFlush = ack.type() == PacketType.WRITE_ACK || ack.type() == PacketType.NEG_ACK;
    boolean ofEmptyFlush = mayBeOfFlush && ack.sizeBytes() == 0 && volume.writes.awaits(ack);
    BlockRange blocks = BlockRange.ofDiscard(ack.sector(), ack.sizeBytes());
    String unsound = blocks.unsound();
    if (!ofEmptyFlush && unsound != null) {
      violates(ack, unsound);
      return;
    }
    volume.peerSequence.seen(ack.sequence());
    boolean mayResolve = volume.conflicts.isEngaged() && !parts.peering.resolvesConflicts();
    boolean ofResync = ack.blockId() == Packet.RESYNC_BLOCK_ID;
    boolean ok =
        switch (ack.type()) {
          case SUPERSEDED -> mayResolve && volume.writes.superseded(ack);
          case RETRY_WRITE -> mayResolve && volume.writes.retry(ack);
          case RECV_ACK, WRITE_ACK -> volume.writes.acknowledged(ack);
          case RS_WRITE_ACK, NEG_ACK ->
              ofResync ? volume.syncSource.acknowledged(ack) : volume.writes.acknowledged(ack);
          case NEG_DREPLY -> volume.reads.refused(ack);
          case NEG_RS_DREPLY -> volume.verify.source.refused(ack) || volume.syncTarget.refused(ack);
          case RS_CANCEL -> volume.syncTarget.refused(ack);
          case RS_IS_IN_SYNC -> volume.syncTarget.isInSync(ack);
          case OV_RESULT -> volume.verify.target.result(ack);
          default -> false;
        };
    expect(
        ack,
        unless(
            ok,
            () ->
                "answers nothing: %s, block_id 0x%x%s"
                    .formatted(blocks, ack.blockId(), mismatch(volume, ack))));
  }

  /// What was expected instead, of the types that answer writes.
  private static String mismatch(Volume volume, Packet.BlockAck ack) {
    return switch (ack.type()) {
      case RECV_ACK, WRITE_ACK, RS_WRITE_ACK, NEG_ACK, SUPERSEDED, RETRY_WRITE ->
          ": " + volume.writes.mismatch(ack);
      default -> "";
    };
  }

  private void request(Volume volume, Packet.BlockRequest request, @Nullable Payload payload) {
    BlockRange blocks = BlockRange.ofData(request.sector(), request.sizeBytes());
    String outside = blocks.outside(volume.device.sizeSectors());
    if (outside != null) {
      violates(request, outside);
      return;
    }
    switch (request.type()) {
      case DATA_REQUEST -> {
        peerStates.usesThisDisk(volume);
        expect(
            request,
            unless(volume.peerReads.read(request, link.epochs()), () -> "too many at once"));
      }
      case RS_DATA_REQUEST, RS_THIN_REQ, CSUM_RS_REQUEST ->
          // Behind the peer's earlier writes, which may wait behind a barrier.
          link.epochs()
              .order(() ->
                  expect(
                      request,
                      volume.syncSource.asked(
                          request, request.type() == PacketType.CSUM_RS_REQUEST ? payload : null)));
      case OV_REQUEST ->
          link.epochs()
              .order(() ->
                  expect(
                      request,
                      unless(
                          volume.verify.target.asked(request),
                          () ->
                              blocks + ": no block of 4 KiB, already being served, or too many")));
      case OV_REPLY ->
          // Behind the peer's earlier writes of that block.
          link.epochs()
              .order(() -> expect(request, volume.verify.source.replied(request, payload)));
      default -> violates(request, "not spoken here");
    }
  }

  /// P_OUT_OF_SYNC and P_RS_DEALLOCATED.
  private void description(Volume volume, Packet.BlockDescription description) {
    int bytes = description.sizeBytes();
    BlockRange blocks = BlockRange.ofDiscard(description.sector(), bytes);
    String outside = blocks.outside(volume.device.sizeSectors());
    if (outside != null) {
      violates(description, outside);
      return;
    }
    switch (description.type()) {
      case OUT_OF_SYNC -> volume.device.markOutOfSync(new Extent(description.sector(), bytes));
      case RS_DEALLOCATED ->
          expect(
              description,
              unless(
                  volume.syncTarget.deallocated(description),
                  () -> "answers nothing, or no P_RS_THIN_REQ: " + blocks));
      default -> violates(description, "not spoken here");
    }
  }

  private void bitmap(Volume volume, Packet.Bytes bytes) {
    if (volume.device.backing() == null) {
      violates(bytes, "this node is diskless");
      return;
    }
    expect(bytes, resyncs.bitmapArrived(volume, bytes));
  }
}
