package org.twincore.drbd.wire;

/// The variable-length integers of P_COMPRESSED_BITMAP: run lengths from 1 up (drbd-wire 11.3).
///
/// A code word stands in the stream least significant bit first: a prefix that names the level,
/// then the data bits, which hold the length minus the first length of the level.
///
/// | prefix in stream order | value | bits | data bits | run lengths |
/// |---|---|---|---|---|
/// | 0 | 0x00 | 1 | 1 | 1 - 2 |
/// | 10 | 0x01 | 2 | 1 | 3 - 4 |
/// | 110 | 0x03 | 3 | 2 | 5 - 8 |
/// | 1110 | 0x07 | 4 | 3 | 9 - 16 |
/// | 11110 | 0x0f | 5 | 5 | 17 - 48 |
/// | 111110 | 0x1f | 6 | 8 | 49 - 304 |
/// | 11111100 | 0x3f | 8 | 13 | 305 - 8496 |
/// | 11111110 | 0x7f | 8 | 21 | 8497 - 2105648 |
/// | 11111101 | 0xbf | 8 | 34 | 2105649 - 17181974832 |
/// | 11111111 | 0xff | 8 | 56 | 17181974833 - 72057611219902768 |
final class Vli {
  private static final int[] PREFIX = {0, 1, 3, 7, 0xf, 0x1f, 0x3f, 0x7f, 0xbf, 0xff};
  private static final int[] PREFIX_BITS = {1, 2, 3, 4, 5, 6, 8, 8, 8, 8};
  private static final int[] DATA_BITS = {1, 1, 2, 3, 5, 8, 13, 21, 34, 56};
  private static final long[] FIRST = firstLengths();

  /// The longest run that a code word can say.
  static final long RUN_MAX = FIRST[9] + (1L << DATA_BITS[9]) - 1;

  private Vli() {}

  private static long[] firstLengths() {
    long[] first = new long[DATA_BITS.length];
    first[0] = 1;
    for (int level = 1; level < first.length; level++) {
      first[level] = first[level - 1] + (1L << DATA_BITS[level - 1]);
    }
    return first;
  }

  /// The level whose lengths include `run`, which is 1 to [#RUN_MAX].
  static int levelOf(long run) {
    int level = FIRST.length - 1;
    while (run < FIRST[level]) {
      level--;
    }
    return level;
  }

  /// Bits of a code word of that level, at most 64.
  static int codeBits(int level) {
    return PREFIX_BITS[level] + DATA_BITS[level];
  }

  /// The code word of `run`, to be written least significant bit first.
  static long code(int level, long run) {
    return run - FIRST[level] << PREFIX_BITS[level] | PREFIX[level];
  }

  /// The level of the code word in the low bits of `ahead`; every bit pattern starts one.
  static int levelAt(long ahead) {
    int ones = Long.numberOfTrailingZeros(~ahead);
    if (ones < 6) {
      return ones;
    }
    int prefix = (int) ahead & 0xff;
    return prefix == 0x3f ? 6 : prefix == 0x7f ? 7 : prefix == 0xbf ? 8 : 9;
  }

  /// The run of the code word of that level in the low bits of `ahead`.
  static long run(int level, long ahead) {
    long data = ahead >>> PREFIX_BITS[level] & (1L << DATA_BITS[level]) - 1;
    return FIRST[level] + data;
  }
}
