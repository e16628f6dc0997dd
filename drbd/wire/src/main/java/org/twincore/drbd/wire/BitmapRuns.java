package org.twincore.drbd.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The body of one P_COMPRESSED_BITMAP: alternating runs of clear and set bits (drbd-wire 11.3).
///
/// | offset | size | meaning |
/// |---|---|---|
/// | 0 | 1 | bits 0-3: code, always 2; bits 4-6: unused bits at the end; bit 7: value of the first run |
/// | 1 | - | run lengths as [Vli] code words, least significant bit of each byte first |
///
/// Runs never cross packets: each body starts at the bit where the last one ended.
final class BitmapRuns {
  private static final int CODE_RLE_VLI = 2;
  private static final int PAD_SHIFT = 4;
  private static final int FIRST_RUN_SET = 0x80;

  private BitmapRuns() {}

  /// What one body says, and the bit behind its last run.
  record Encoded(byte[] body, long endBit) {}

  /// The runs from `fromBit` on that fit into a body of `bodyBytesMax`; null if plain bits would be
  /// shorter. `fromBit` lies inside the bitmap.
  static @Nullable Encoded encode(BitSource source, long fromBit, int bodyBytesMax) {
    byte[] body = new byte[bodyBytesMax];
    long size = source.sizeBits();
    boolean firstSet = source.nextClear(fromBit) > fromBit;
    boolean set = firstSet;
    long bit = fromBit;
    long usedBits = Byte.SIZE;
    while (bit < size) {
      long end = set ? source.nextClear(bit) : source.nextSet(bit);
      long run = (end < 0 ? size : end) - bit;
      int level = Vli.levelOf(run);
      int codeBits = Vli.codeBits(level);
      if (usedBits + codeBits > (long) bodyBytesMax * Byte.SIZE) {
        break;
      }
      putBits(body, (int) usedBits, Vli.code(level, run), codeBits);
      usedBits += codeBits;
      bit += run;
      set = !set;
    }
    int bodyBytes = (int) ((usedBits + 7) / Byte.SIZE);
    if (bit - fromBit < (bodyBytes - 1L) * Byte.SIZE) {
      return null;
    }
    int padBits = (int) (-usedBits & 7);
    body[0] = (byte) (CODE_RLE_VLI | padBits << PAD_SHIFT | (firstSet ? FIRST_RUN_SET : 0));
    return new Encoded(Arrays.copyOf(body, bodyBytes), bit);
  }

  /// Sets the body's set runs from `fromBit` on; the bit behind its last run, at most `sizeBits`.
  static long decode(byte[] body, long fromBit, long sizeBits, BitSink sink)
      throws WireFormatException {
    int head = body[0];
    if ((head & 0xf) != CODE_RLE_VLI) {
      throw new WireFormatException(0, "bitmap code 2", "code " + (head & 0xf));
    }
    int endBits = body.length * Byte.SIZE - (head >> PAD_SHIFT & 7);
    boolean set = (head & FIRST_RUN_SET) != 0;
    long bit = fromBit;
    int at = Byte.SIZE;
    while (at < endBits) {
      long ahead = bitsAt(body, at);
      int level = Vli.levelAt(ahead);
      int codeBits = Vli.codeBits(level);
      if (codeBits > endBits - at) {
        throw new WireFormatException(
            at / Byte.SIZE, "a code word of " + codeBits + " bits", endBits - at + " bits");
      }
      long run = Vli.run(level, ahead);
      if (run > sizeBits - bit) {
        throw new WireFormatException(
            at / Byte.SIZE, "a run of at most " + (sizeBits - bit) + " bits", "one of " + run);
      }
      if (set) {
        sink.setRange(bit, bit + run);
      }
      bit += run;
      at += codeBits;
      set = !set;
    }
    return bit;
  }

  private static void putBits(byte[] body, int at, long value, int count) {
    long rest = value;
    for (int done = 0; done < count; ) {
      int index = (at + done) / Byte.SIZE;
      int shift = (at + done) % Byte.SIZE;
      body[index] |= (byte) (rest << shift);
      int part = Byte.SIZE - shift;
      rest >>>= part;
      done += part;
    }
  }

  /// 64 bits from bit `at` on, zeros behind the end.
  private static long bitsAt(byte[] body, int at) {
    int index = at / Byte.SIZE;
    int shift = at % Byte.SIZE;
    long low = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      low |= (long) byteAt(body, index + i) << i * Byte.SIZE;
    }
    return shift == 0
        ? low
        : low >>> shift | (long) byteAt(body, index + Long.BYTES) << Long.SIZE - shift;
  }

  private static int byteAt(byte[] body, int index) {
    return index < body.length ? body[index] & 0xff : 0;
  }
}
