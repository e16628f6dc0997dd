package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes replies in the form agreed on; immutable, so any thread may use it.
///
/// Simple reply (proto.md, "Simple reply message"): u32 0x67446698, u32 error, u64 cookie, then the
/// data of a READ. Structured reply chunk: u32 0x668e33ef, u16 flags, u16 type, u64 cookie, u32
/// length, then by type: offset data = u64 offset, data; block status = u32 context, pairs of u32
/// length and u32 flags; error = u32 error, u16 length, message. With structured replies, READ,
/// BLOCK_STATUS and all failures use them, bare success stays a simple reply. Each reply is one
/// chunk.
public final class ReplyEncoder {
  /// Longest message of an error in bytes; the rest is cut off.
  static final int MESSAGE_MAX_BYTES = 1024;

  /// Our only metadata context id, for `base:allocation`.
  static final int CONTEXT_ID = 1;

  private static final int OFFSET_BYTES = 8;
  private static final int ERROR_BYTES = 6;
  private static final int CONTEXT_BYTES = 4;
  private static final int EXTENT_BYTES = 8;

  /// An upper bound of what [#encodeHead] writes.
  public static final int HEAD_MAX_BYTES =
      NbdMagic.STRUCTURED_HEAD_BYTES + CONTEXT_BYTES + EXTENT_BYTES * Reply.Status.EXTENTS_MAX;

  private final boolean structured;

  ReplyEncoder(boolean structured) {
    this.structured = structured;
  }

  /// For a client that knows simple replies only.
  public static ReplyEncoder simple() {
    return new ReplyEncoder(false);
  }

  public boolean isStructured() {
    return structured;
  }

  /// Bytes that [#encodeHead] will write at most for this reply.
  public int headBytesMax(Reply reply) {
    return switch (reply) {
      case Reply.Done _ -> NbdMagic.SIMPLE_REPLY_BYTES;
      case Reply.Data _ -> NbdMagic.STRUCTURED_HEAD_BYTES + OFFSET_BYTES;
      case Reply.Failed _ -> NbdMagic.STRUCTURED_HEAD_BYTES + ERROR_BYTES + MESSAGE_MAX_BYTES;
      case Reply.Status status ->
          NbdMagic.STRUCTURED_HEAD_BYTES + CONTEXT_BYTES + EXTENT_BYTES * status.extents().size();
    };
  }

  /// Writes the whole reply but for the pieces of a [Reply.Data], which the caller sends next.
  public void encodeHead(Reply reply, ByteBuffer out) {
    switch (reply) {
      case Reply.Done(long cookie) -> simple(out, 0, cookie);
      case Reply.Data data -> {
        if (structured) {
          chunk(out, NbdMagic.CHUNK_OFFSET_DATA, data.cookie(), OFFSET_BYTES + data.length());
          out.putLong(data.offset());
        } else {
          simple(out, 0, data.cookie());
        }
      }
      case Reply.Status status -> status(status, out);
      case Reply.Failed failed -> failed(failed, out);
    }
  }

  private void status(Reply.Status status, ByteBuffer out) {
    if (!structured || status.extents().isEmpty()) {
      // Without structured replies a session lets no BLOCK_STATUS through; an empty list is a
      // device that does not know.
      failed(new Reply.Failed(status.cookie(), NbdError.EIO, "no block status"), out);
      return;
    }
    int count = status.extents().size();
    chunk(
        out,
        NbdMagic.CHUNK_BLOCK_STATUS,
        status.cookie(),
        CONTEXT_BYTES + (long) EXTENT_BYTES * count);
    out.putInt(CONTEXT_ID);
    for (StatusExtent extent : status.extents()) {
      out.putInt((int) extent.lengthBytes());
      out.putInt(extent.flags());
    }
  }

  private void failed(Reply.Failed failed, ByteBuffer out) {
    if (!structured) {
      simple(out, failed.error().code(), failed.cookie());
      return;
    }
    byte[] message = failed.message().getBytes(StandardCharsets.UTF_8);
    if (message.length > MESSAGE_MAX_BYTES) {
      message = Arrays.copyOf(message, MESSAGE_MAX_BYTES);
    }
    chunk(out, NbdMagic.CHUNK_ERROR, failed.cookie(), ERROR_BYTES + (long) message.length);
    out.putInt(failed.error().code());
    out.putShort((short) message.length);
    out.put(message);
  }

  private static void simple(ByteBuffer out, int error, long cookie) {
    out.putInt(NbdMagic.SIMPLE_REPLY).putInt(error).putLong(cookie);
  }

  private static void chunk(ByteBuffer out, int type, long cookie, long length) {
    out.putInt(NbdMagic.STRUCTURED_REPLY)
        .putShort((short) NbdMagic.REPLY_FLAG_DONE)
        .putShort((short) type)
        .putLong(cookie)
        .putInt((int) length);
  }
}
