package org.twincore.nbd;

import java.nio.ByteBuffer;

/// Writes request headers as a client sends them (proto.md, "Request message"): u32 0x25609513, u16
/// flags, u16 type, u64 cookie, u64 offset, u32 length. A WRITE's payload follows.
public final class RequestEncoder {
  public static final int HEAD_BYTES = NbdMagic.REQUEST_BYTES;

  private RequestEncoder() {}

  /// Appends the 28 bytes of `request`; offsets and lengths are not checked.
  public static void encodeHead(Request request, ByteBuffer out) {
    switch (request) {
      case Request.Read(long cookie, long offset, int length, boolean wholeChunk) ->
          head(out, Command.READ, wholeChunk ? Command.FLAG_DF : 0, cookie, offset, length);
      case Request.Write(long cookie, long offset, int length, boolean fua) ->
          head(out, Command.WRITE, fua ? Command.FLAG_FUA : 0, cookie, offset, length);
      case Request.Flush(long cookie) -> head(out, Command.FLUSH, 0, cookie, 0, 0);
      case Request.Trim(long cookie, long offset, long length, boolean fua) ->
          head(out, Command.TRIM, fua ? Command.FLAG_FUA : 0, cookie, offset, length);
      case Request.WriteZeroes(long cookie, long offset, long length, boolean fua, ZeroMode mode) ->
          head(
              out,
              Command.WRITE_ZEROES,
              (fua ? Command.FLAG_FUA : 0)
                  | (mode.mayPunch() ? 0 : Command.FLAG_NO_HOLE)
                  | (mode.mustBeFast() ? Command.FLAG_FAST_ZERO : 0),
              cookie,
              offset,
              length);
      case Request.Cache(long cookie, long offset, long length) ->
          head(out, Command.CACHE, 0, cookie, offset, length);
      case Request.BlockStatus(long cookie, long offset, long length, boolean one) ->
          head(out, Command.BLOCK_STATUS, one ? Command.FLAG_REQ_ONE : 0, cookie, offset, length);
      case Request.Disconnect(long cookie) -> head(out, Command.DISC, 0, cookie, 0, 0);
    }
  }

  private static void head(
      ByteBuffer out, Command command, int flags, long cookie, long offset, long length) {
    out.putInt(NbdMagic.REQUEST)
        .putShort((short) flags)
        .putShort((short) command.code)
        .putLong(cookie)
        .putLong(offset)
        .putInt((int) length);
  }
}
