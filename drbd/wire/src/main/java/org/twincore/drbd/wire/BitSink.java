package org.twincore.drbd.wire;

/// The bitmap that a [BitmapReceiver] adds bits to; bits are only ever set.
@FunctionalInterface
public interface BitSink {
  /// Sets bits from `from` up to before `to`; both lie inside the bitmap and `from` is below `to`.
  void setRange(long from, long to);

  /// Sets the bits that are set in `word`, bit 64 x `index` first; all lie inside the bitmap.
  default void orWord(long index, long word) {
    long rest = word;
    while (rest != 0) {
      int from = Long.numberOfTrailingZeros(rest);
      int to = from + Long.numberOfTrailingZeros(~(rest >>> from));
      setRange(index * 64 + from, index * 64 + to);
      rest = to == 64 ? 0 : rest & -1L << to;
    }
  }
}
