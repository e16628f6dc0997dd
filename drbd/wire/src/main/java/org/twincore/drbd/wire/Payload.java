package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Bytes that travel beside a packet or a request: an immutable view of a heap array.
///
/// Whoever makes one gives the array away; nobody changes it afterwards. There is no pool and
/// nothing to release (ADR 2).
public final class Payload {
  private final byte[] array;
  private final int offset;
  private final int length;

  private Payload(byte[] array, int offset, int length) {
    this.array = array;
    this.offset = offset;
    this.length = length;
  }

  /// All of `array`.
  public static Payload of(byte[] array) {
    return new Payload(array, 0, array.length);
  }

  /// `length` bytes of `array` from `offset`.
  public static Payload of(byte[] array, int offset, int length) {
    if (offset < 0 || length < 0 || offset > array.length - length) {
      throw new IndexOutOfBoundsException(offset + "+" + length + " of " + array.length);
    }
    return new Payload(array, offset, length);
  }

  public int lengthBytes() {
    return length;
  }

  /// A part of this view, without copying.
  public Payload slice(int fromBytes, int lengthBytes) {
    if (fromBytes < 0 || lengthBytes < 0 || fromBytes > length - lengthBytes) {
      throw new IndexOutOfBoundsException(fromBytes + "+" + lengthBytes + " of " + length);
    }
    return new Payload(array, offset + fromBytes, lengthBytes);
  }

  /// The array behind the view, to be read only, together with [#arrayOffset].
  public byte[] array() {
    return array;
  }

  public int arrayOffset() {
    return offset;
  }

  public ByteBuffer asReadOnlyBuffer() {
    return ByteBuffer.wrap(array, offset, length).slice().asReadOnlyBuffer();
  }

  public void copyTo(ByteBuffer out) {
    out.put(array, offset, length);
  }

  public byte[] toByteArray() {
    return Arrays.copyOfRange(array, offset, offset + length);
  }

  /// Whether every byte is 0.
  public boolean isZero() {
    for (int i = offset; i < offset + length; i++) {
      if (array[i] != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Payload that
        && Arrays.equals(
            array, offset, offset + length, that.array, that.offset, that.offset + that.length);
  }

  @Override
  public int hashCode() {
    return asReadOnlyBuffer().hashCode();
  }

  @Override
  public String toString() {
    return "Payload[" + length + " bytes]";
  }
}
