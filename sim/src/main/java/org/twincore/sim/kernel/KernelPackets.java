package org.twincore.sim.kernel;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;

/// The packets that come to a scripted node, each handed to whom it is for, or refused.
///
/// Whoever reads the data socket may have to wait, and what comes behind waits with it: a
/// P_SYNC_UUID that is early, since what makes it possible may still be on the meta socket, P_UUIDS
/// while both agree on a change of state, and a write beside an own one.
public final class KernelPackets {
  private final KernelPeer node;
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private boolean isTaking;

  private record Held(Packet packet, @Nullable Payload payload) {}

  KernelPackets(KernelPeer node) {
    this.node = node;
  }

  void forget() {
    held.clear();
  }

  /// A packet of the meta socket.
  public void arrivedOnMeta(Packet packet) {
    taken(packet, null);
    takeHeld();
  }

  /// A packet of the data socket.
  public void arrivedOnData(Packet packet, @Nullable Payload payload) {
    if (packet instanceof Packet.Data data) {
      KernelDigests.Sealed opened = node.settings().digests().open(data, payload);
      held.add(new Held(opened.packet(), opened.payload()));
    } else {
      held.add(new Held(packet, payload));
    }
    takeHeld();
  }

  /// What held up the reader of the data socket may be over.
  void takeHeldSoon() {
    if (!held.isEmpty()) {
      node.later(0, this::takeHeld);
    }
  }

  private void takeHeld() {
    if (isTaking) {
      return;
    }
    isTaking = true;
    while (!held.isEmpty() && mayBeTaken(held.getFirst().packet)) {
      Held next = held.removeFirst();
      taken(next.packet, next.payload);
    }
    isTaking = false;
  }

  private boolean mayBeTaken(Packet packet) {
    return switch (packet) {
      case Packet.SyncUuid _ -> node.resync().takesSyncUuid();
      case Packet.Uuids _ -> node.commands().isIdle();
      case Packet.Data data when data.type() == PacketType.DATA ->
          node.conflicts().mayBeTaken(data);
      case Packet.Range range -> node.conflicts().mayBeTaken(range);
      default -> true;
    };
  }

  private void taken(Packet packet, @Nullable Payload payload) {
    if (node.state().conn() == ConnectionState.TEAR_DOWN) {
      return; // nobody reads any more
    }
    switch (packet) {
      case Packet.Empty(PacketType type) -> empty(type);
      case Packet.Protocol protocol -> node.compareSettings(protocol);
      case Packet.SyncParam _, Packet.SyncParam89 _, Packet.DelayProbe _ -> {}
      case Packet.Sizes sizes -> node.sizes(sizes);
      case Packet.Uuids uuids -> node.uuids(uuids);
      case Packet.State(int word) -> node.meeting().peerState(word);
      case Packet.SyncUuid(long uuid) -> node.resync().syncUuid(uuid);
      case Packet.StateChange change -> node.commands().asked(change);
      case Packet.StateChangeReply reply -> node.commands().replied(reply);
      case Packet.Bytes bytes -> bitmap(bytes);
      case Packet.Data data when data.type() == PacketType.RS_DATA_REPLY ->
          node.resync().reply(data, needed(payload, data));
      case Packet.Data data when data.type() == PacketType.DATA_REPLY ->
          node.reader().reply(data, needed(payload, data));
      case Packet.Data data -> node.receiver().write(data, payload);
      case Packet.Range range -> node.receiver().range(range, payload);
      case Packet.Barrier barrier -> node.receiver().barrier(barrier);
      case Packet.BarrierAck ack -> node.writer().barrierAck(ack);
      case Packet.BlockAck ack -> ack(ack);
      case Packet.BlockRequest request -> request(request, payload);
      case Packet.BlockDescription description -> node.resync().described(description);
      case Packet.ConnectionFeatures _ -> throw new Misbehaved("features once more");
    }
  }

  static Payload needed(@Nullable Payload payload, Packet packet) {
    if (payload == null) {
      throw new Misbehaved("no data with " + packet);
    }
    return payload;
  }

  private void ack(Packet.BlockAck ack) {
    node.conflicts().seen(ack.sequence());
    if (ack.type() == PacketType.RS_IS_IN_SYNC) {
      node.resync().isInSync(ack);
    } else if (ack.type() == PacketType.OV_RESULT) {
      node.verify().result(ack);
    } else if (ack.type() == PacketType.NEG_DREPLY) {
      node.reader().refused(ack);
    } else if (ack.blockId() == Packet.RESYNC_BLOCK_ID) {
      node.resync().ack(ack);
    } else {
      node.writer().ack(ack);
    }
  }

  private void request(Packet.BlockRequest request, @Nullable Payload payload) {
    switch (request.type()) {
      case DATA_REQUEST -> node.receiver().read(request);
      case RS_DATA_REQUEST -> node.resync().request(request, null);
      case CSUM_RS_REQUEST -> node.resync().request(request, needed(payload, request));
      case OV_REQUEST -> node.verify().request(request);
      case OV_REPLY -> node.verify().reply(request, needed(payload, request));
      default -> throw new Misbehaved("not configured: " + request);
    }
  }

  private void empty(PacketType type) {
    switch (type) {
      case PING -> node.wire.meta(new Packet.Empty(PacketType.PING_ACK));
      case PING_ACK -> node.ponged();
      case UNPLUG_REMOTE -> {}
      default -> throw new Misbehaved(type + " in the middle");
    }
  }

  private void bitmap(Packet.Bytes bytes) {
    if (bytes.type() != PacketType.BITMAP && bytes.type() != PacketType.COMPRESSED_BITMAP) {
      throw new Misbehaved("not configured: " + bytes);
    }
    try {
      node.resync().bitmap(bytes);
    } catch (WireFormatException malformed) {
      throw new Misbehaved(bytes + ": " + malformed.getMessage());
    }
  }
}
