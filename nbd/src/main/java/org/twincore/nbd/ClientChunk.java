package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// One reply message on its way in: the head of a simple reply, or of a structured reply's chunk
/// (formats: [ReplyEncoder]). `length` is u32 in a long, of all that follows the head.
record ClientChunk(int flags, int type, int error, long cookie, long length) {
  static final ClientChunk NONE = new ClientChunk(0, 0, 0, 0, 0);

  private static final int DATA_HEAD_BYTES = 8;

  /// A chunk's meaning.
  sealed interface Body {
    record Nothing() implements Body {}

    /// `length` bytes of data follow.
    record Data(long offset, long length) implements Body {}

    record Hole(long offset, long length) implements Body {}

    record Status(List<StatusExtent> extents) implements Body {}

    record Failed(NbdError error, String message) implements Body {}

    record Malformed(String why) implements Body {}
  }

  static ClientChunk simple(ByteBuffer in) {
    in.getInt();
    int error = in.getInt();
    return new ClientChunk(NbdMagic.REPLY_FLAG_DONE, NbdMagic.CHUNK_NONE, error, in.getLong(), 0);
  }

  static ClientChunk structured(ByteBuffer in) {
    in.getInt();
    int flags = Short.toUnsignedInt(in.getShort());
    int type = Short.toUnsignedInt(in.getShort());
    return new ClientChunk(flags, type, 0, in.getLong(), Integer.toUnsignedLong(in.getInt()));
  }

  boolean isLast() {
    return (flags & NbdMagic.REPLY_FLAG_DONE) != 0;
  }

  /// Bytes to gather before [#decode]: all of the chunk but a data chunk's data. At most
  /// `Integer.MAX_VALUE`.
  int headBytes() {
    return (int)
        Math.min(
            Integer.MAX_VALUE,
            type == NbdMagic.CHUNK_OFFSET_DATA ? Math.min(length, DATA_HEAD_BYTES) : length);
  }

  Body decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return switch (type) {
      case NbdMagic.CHUNK_NONE -> length == 0 ? new Body.Nothing() : malformed();
      case NbdMagic.CHUNK_OFFSET_DATA ->
          length > DATA_HEAD_BYTES
              ? new Body.Data(in.getLong(), length - DATA_HEAD_BYTES)
              : malformed();
      case NbdMagic.CHUNK_OFFSET_HOLE ->
          length == Long.BYTES + Integer.BYTES
              ? new Body.Hole(in.getLong(), Integer.toUnsignedLong(in.getInt()))
              : malformed();
      case NbdMagic.CHUNK_BLOCK_STATUS -> status(in);
      default -> (type & 0x8000) != 0 ? error(in) : malformed();
    };
  }

  private Body status(ByteBuffer in) {
    if (length < Integer.BYTES + Long.BYTES || (length - Integer.BYTES) % Long.BYTES != 0) {
      return malformed();
    }
    in.getInt(); // Only one context was asked for, whatever id the server gave it.
    List<StatusExtent> extents = new ArrayList<>();
    while (in.hasRemaining()) {
      long extentBytes = Integer.toUnsignedLong(in.getInt());
      int extentFlags = in.getInt();
      if (extentBytes == 0) {
        return malformed();
      }
      extents.add(new StatusExtent(extentBytes, extentFlags));
    }
    return new Body.Status(List.copyOf(extents));
  }

  private Body error(ByteBuffer in) {
    if (length < Integer.BYTES + Short.BYTES) {
      return malformed();
    }
    NbdError code = NbdError.ofCode(in.getInt());
    int messageBytes = Short.toUnsignedInt(in.getShort());
    if (messageBytes > in.remaining()) {
      return malformed();
    }
    byte[] message = new byte[messageBytes];
    in.get(message);
    return new Body.Failed(code, new String(message, StandardCharsets.UTF_8));
  }

  private Body malformed() {
    return new Body.Malformed("malformed chunk of type " + type + ", length " + length);
  }
}
