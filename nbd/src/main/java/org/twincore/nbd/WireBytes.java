package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Big-endian bytes under construction; grows as needed.
final class WireBytes {
  static final byte[] NONE = {};

  private ByteBuffer buffer = ByteBuffer.allocate(128);

  WireBytes u16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  WireBytes u32(int value) {
    room(4).putInt(value);
    return this;
  }

  WireBytes u64(long value) {
    room(8).putLong(value);
    return this;
  }

  WireBytes raw(byte[] bytes) {
    room(bytes.length).put(bytes);
    return this;
  }

  WireBytes utf8(String text) {
    return raw(text.getBytes(StandardCharsets.UTF_8));
  }

  WireBytes zeroes(int count) {
    return raw(new byte[count]);
  }

  /// All bytes so far; this object starts afresh.
  byte[] take() {
    if (buffer.position() == 0) {
      return NONE;
    }
    byte[] bytes = Arrays.copyOf(buffer.array(), buffer.position());
    buffer.clear();
    return bytes;
  }

  private ByteBuffer room(int count) {
    if (buffer.remaining() < count) {
      int wanted = Math.max(2 * buffer.capacity(), buffer.position() + count);
      buffer = ByteBuffer.allocate(wanted).put(buffer.flip());
    }
    return buffer;
  }
}
