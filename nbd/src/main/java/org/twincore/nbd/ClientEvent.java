package org.twincore.nbd;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What [ClientSession#poll] found in the bytes so far.
public sealed interface ClientEvent {
  /// All input is used up as far as it goes; come back with more.
  record NeedBytes() implements ClientEvent {
    static final NeedBytes INSTANCE = new NeedBytes();
  }

  /// Bytes of the negotiation to send before reading on; the array is the receiver's.
  record Handshake(byte[] bytes) implements ClientEvent {}

  /// The export is open, requests may be sent.
  record Connected(ExportInfo export, Agreed agreed) implements ClientEvent {}

  /// What was agreed on besides the export; sizes in bytes.
  record Agreed(
      int minimumBlockBytes, long payloadMaxBytes, boolean structured, boolean blockStatus) {}

  /// The server will not open the export; the session is over.
  record Refused(OptionReply why, String message) implements ClientEvent {}

  /// `length` bytes of a READ's answer follow on the stream, for the place `position` in the read's
  /// buffer: fetch them with [ClientSession#payload].
  record Data(long cookie, int position, int length) implements ClientEvent {}

  /// A part of a READ's answer that is all zeroes.
  record Hole(long cookie, int position, int length) implements ClientEvent {}

  /// `base:allocation` from the request's offset on.
  record Status(long cookie, List<StatusExtent> extents) implements ClientEvent {}

  /// The request is finished; `error` is null on success. A READ that lacks bytes fails with EIO.
  record Completed(long cookie, @Nullable NbdError error, String message) implements ClientEvent {}

  /// The server does not keep to the protocol; close the connection.
  record Broken(String reason) implements ClientEvent {}
}
