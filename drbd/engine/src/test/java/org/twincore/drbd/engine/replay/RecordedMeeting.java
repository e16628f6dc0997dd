package org.twincore.drbd.engine.replay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.state.PeerState;
import org.twincore.drbd.engine.state.SplitBrainPolicy;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.engine.state.UuidCompare;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.PcapFile;

/// The handshake of one volume on a recorded connection of two nodes, as `own` saw it: all that it
/// was decided by stands in the packets, but for `rr-conflict` and `always-asbp`. What was decided
/// each node tells in its next P_STATE.
record RecordedMeeting(int connection, int volume, Node own, Node peer) {
  private static final Set<ConnectionState> DECIDED =
      EnumSet.of(
          ConnectionState.CONNECTED, ConnectionState.WF_BITMAP_S, ConnectionState.WF_BITMAP_T);

  /// What one node said on the data socket, and whether it is the one that resolves conflicts: the
  /// peer dialled the meta socket.
  record Node(List<FrameDecoder.Decoded> said, boolean resolvesConflicts) {
    private <T extends Packet> Optional<T> first(Class<T> kind, Integer volume) {
      return said.stream()
          .filter(it -> volume == null || it.volume() == volume)
          .map(FrameDecoder.Decoded::packet)
          .filter(kind::isInstance)
          .map(kind::cast)
          .findFirst();
    }

    private List<StateWord> states(int volume) {
      return said.stream()
          .filter(it -> it.volume() == volume && it.packet() instanceof Packet.State)
          .map(it -> StateWord.of(((Packet.State) it.packet()).word()).orElseThrow())
          .toList();
    }
  }

  /// Those of a capture, each seen from both sides, as far as both nodes told all of themselves.
  static List<RecordedMeeting> of(PcapFile capture) throws IOException, WireFormatException {
    List<PcapFile.Connection> connections = capture.connections();
    List<RecordedMeeting> found = new ArrayList<>();
    for (int number = 0; number < connections.size(); number++) {
      PcapFile.Connection data = connections.get(number);
      if (!begins(data, PacketType.INITIAL_DATA)) {
        continue;
      }
      boolean diallerResolves = !dialledMetaToo(connections, number);
      Node dialler = new Node(packets(data.there().bytes()), diallerResolves);
      Node listener = new Node(packets(data.back().bytes()), !diallerResolves);
      for (int volume : volumes(dialler)) {
        Stream.of(
                new RecordedMeeting(number + 1, volume, dialler, listener),
                new RecordedMeeting(number + 1, volume, listener, dialler))
            .filter(it -> it.isWhole() && it.seenFromPeer().isWhole())
            .forEach(found::add);
      }
    }
    return found;
  }

  private static boolean begins(PcapFile.Connection connection, PacketType type)
      throws WireFormatException {
    List<FrameDecoder.Decoded> said = packets(connection.there().bytes());
    return !said.isEmpty() && said.getFirst().packet().type() == type;
  }

  /// Whether the next meta socket goes the way of the data socket.
  private static boolean dialledMetaToo(List<PcapFile.Connection> connections, int data)
      throws WireFormatException {
    for (PcapFile.Connection each : connections.subList(data + 1, connections.size())) {
      if (begins(each, PacketType.INITIAL_META)) {
        return each.listener().equals(connections.get(data).listener());
      }
    }
    return true;
  }

  private static List<FrameDecoder.Decoded> packets(byte[] bytes) throws WireFormatException {
    FrameDecoder decoder = new FrameDecoder();
    decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    List<FrameDecoder.Decoded> packets = new ArrayList<>();
    for (FrameDecoder.Decoded next = decoder.decode(in); next != null; next = decoder.decode(in)) {
      packets.add(next);
    }
    return packets;
  }

  private static Set<Integer> volumes(Node node) {
    Set<Integer> volumes = new TreeSet<>();
    node.said.stream()
        .filter(it -> it.packet() instanceof Packet.State)
        .forEach(it -> volumes.add(it.volume()));
    return volumes;
  }

  private boolean isWhole() {
    return own.first(Packet.Protocol.class, null).isPresent()
        && own.first(Packet.Uuids.class, volume).isPresent()
        && !own.states(volume).isEmpty();
  }

  RecordedMeeting seenFromPeer() {
    return new RecordedMeeting(connection, volume, peer, own);
  }

  /// How `own` said that it goes on; nothing if it did not.
  Optional<ConnectionState> told() {
    return own.states(volume).stream()
        .skip(1)
        .findFirst()
        .map(StateWord::conn)
        .filter(DECIDED::contains);
  }

  /// What our rules decide in its place.
  SyncHandshake.Decision decision(SplitBrainPolicy readWriteConflict, boolean always) {
    StateWord mine = own.states(volume).getFirst();
    StateWord theirs = peer.states(volume).getFirst();
    Packet.Uuids ownUuids = own.first(Packet.Uuids.class, volume).orElseThrow();
    Packet.Uuids peerUuids = peer.first(Packet.Uuids.class, volume).orElseThrow();
    Packet.Protocol settings = own.first(Packet.Protocol.class, null).orElseThrow();
    Packet.Protocol peerSettings = peer.first(Packet.Protocol.class, null).orElseThrow();
    boolean isDry =
        ((settings.connFlags() | peerSettings.connFlags()) & Packet.Protocol.DRY_RUN) != 0;
    return SyncHandshake.decide(
        new SyncHandshake.Meeting(
            new UuidCompare.Question(
                compared(ownUuids, mine), compared(peerUuids, theirs), terms()),
            new SyncHandshake.Disks(
                mine.disk(),
                PeerState.realDisk(mine.disk(), has(ownUuids, UuidFlags.INCONSISTENT)),
                PeerState.realDisk(theirs.disk(), has(peerUuids, UuidFlags.INCONSISTENT))),
            new SyncHandshake.Wishes(
                has(ownUuids, UuidFlags.DISCARD_MY_DATA),
                has(peerUuids, UuidFlags.DISCARD_MY_DATA),
                isDry),
            ownUuids.bitsSet(),
            peerUuids.bitsSet(),
            false,
            new SyncHandshake.Policies(
                policy(settings.afterSb0Pri()),
                policy(settings.afterSb1Pri()),
                policy(settings.afterSb2Pri()),
                readWriteConflict,
                always)));
  }

  private UuidCompare.Terms terms() {
    Packet.ConnectionFeatures mine = own.first(Packet.ConnectionFeatures.class, null).orElseThrow();
    Packet.ConnectionFeatures theirs =
        peer.first(Packet.ConnectionFeatures.class, null).orElseThrow();
    return new UuidCompare.Terms(
        Math.min(mine.protocolMax(), theirs.protocolMax()),
        (mine.featureFlags() & theirs.featureFlags() & Features.WSAME) != 0,
        own.resolvesConflicts);
  }

  private static UuidCompare.Node compared(Packet.Uuids uuids, StateWord state) {
    return new UuidCompare.Node(uuids.uuids(), state.role(), has(uuids, UuidFlags.CRASHED_PRIMARY));
  }

  private static boolean has(Packet.Uuids uuids, long flag) {
    return (uuids.flags() & flag) != 0;
  }

  private static SplitBrainPolicy policy(int code) {
    return SplitBrainPolicy.ofCode(code).orElseThrow();
  }

  @Override
  public String toString() {
    return "connection " + connection + ", volume " + volume;
  }
}
