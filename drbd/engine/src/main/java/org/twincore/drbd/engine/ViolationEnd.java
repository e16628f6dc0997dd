package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.connection.Handshake;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.PacketType.Stream;
import org.twincore.drbd.wire.WireFormatException.Fault;

/// Where a connection goes when the peer says what no honest one does (drbd_receiver.c: `drbdd`,
/// `drbd_ack_receiver`, `drbd_do_features`, `drbd_do_auth`; `tl_release`).
///
/// | what | DATA | META |
/// |---|---|---|
/// | no header | ProtocolError | NetworkFailure |
/// | a packet that the socket does not have | ProtocolError | Disconnecting |
/// | one of another size, or that answers nothing | ProtocolError | NetworkFailure |
/// | a P_BARRIER_ACK that is not due | | ProtocolError |
///
/// Until both know each other a wrong packet on DATA means another program or other settings
/// (Disconnecting), no header a cut connection (NetworkFailure).
final class ViolationEnd {
  private ViolationEnd() {}

  /// A packet on its socket, with contents that it cannot have now.
  static ConnectionState ofPacket(PacketType type) {
    boolean fails = type.stream() == Stream.META && type != PacketType.BARRIER_ACK;
    return fails ? NETWORK_FAILURE : PROTOCOL_ERROR;
  }

  /// A packet that the socket does not have.
  static ConnectionState ofStranger(Stream socket) {
    return socket == Stream.META ? DISCONNECTING : PROTOCOL_ERROR;
  }

  /// Whether the socket has such packets once both know each other.
  static boolean isStranger(PacketType type, Stream socket) {
    return type == PacketType.INITIAL_META
        || (type.stream() != Stream.BOTH && type.stream() != socket);
  }

  /// Bytes that are no packet; `running` is the handshake, if it is not over.
  static ConnectionState ofBytes(Stream socket, Fault fault, @Nullable Handshake running) {
    if (socket == Stream.META) {
      return fault == Fault.COMMAND ? DISCONNECTING : NETWORK_FAILURE;
    }
    if (running == null) {
      return PROTOCOL_ERROR;
    }
    boolean isOfAnother = fault != Fault.HEADER && running.refusesOthers();
    return isOfAnother ? DISCONNECTING : NETWORK_FAILURE;
  }
}
