package org.twincore.nbd;

/// What [ServerSession#poll] found in the bytes so far.
public sealed interface ServerEvent
    permits ServerEvent.NeedBytes,
        ServerEvent.Handshake,
        ServerEvent.Transmission,
        ServerEvent.Refused,
        ServerEvent.Closed,
        Request {
  /// All input is used up as far as it goes; come back with more.
  record NeedBytes() implements ServerEvent {
    static final NeedBytes INSTANCE = new NeedBytes();
  }

  /// Bytes of the negotiation to send before reading on; the array is the receiver's.
  record Handshake(byte[] bytes) implements ServerEvent {}

  /// Negotiation is over: the export is open, from here on replies have the given form. `bytes` are
  /// to be sent first.
  record Transmission(ExportInfo export, ReplyEncoder replies, byte[] bytes)
      implements ServerEvent {}

  /// A request that failed the checks; the answer is ready to be sent. A refused WRITE's payload
  /// has been skipped already.
  record Refused(Reply.Failed reply) implements ServerEvent {}

  /// The session is over: send `bytes`, then close the connection. The reason is for the log;
  /// `byProtocol` tells an orderly end (ABORT) from a broken peer.
  record Closed(String reason, boolean byProtocol, byte[] bytes) implements ServerEvent {}
}
