package org.twincore.nbd;

/// A request of the transmission phase that passed all checks against its export: known command and
/// flags, offset and length multiples of 512, in range, length above 0 (FLUSH and DISC have none).
///
/// `cookie` is the client's and opaque; it comes back in the reply. Offsets and lengths are bytes;
/// READ and WRITE have at most [ExportInfo#PAYLOAD_MAX_BYTES], the others below 4 GiB.
public sealed interface Request extends ServerEvent {
  long cookie();

  /// `wholeChunk`: DF, the answer must be one chunk or EOVERFLOW; ours always is one.
  record Read(long cookie, long offset, int length, boolean wholeChunk) implements Request {}

  /// The payload follows on the stream: [ServerSession#payload].
  record Write(long cookie, long offset, int length, boolean fua) implements Request {}

  record Flush(long cookie) implements Request {}

  record Trim(long cookie, long offset, long length, boolean fua) implements Request {}

  record WriteZeroes(long cookie, long offset, long length, boolean fua, ZeroMode mode)
      implements Request {}

  record Cache(long cookie, long offset, long length) implements Request {}

  /// `one`: REQ_ONE, a single extent not longer than asked for.
  record BlockStatus(long cookie, long offset, long length, boolean one) implements Request {}

  /// NBD_CMD_DISC: no reply; what is in flight shall be finished, then the connection closed.
  record Disconnect(long cookie) implements Request {}
}
