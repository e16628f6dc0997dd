package org.twincore.drbd.wire;

/// The bitmap that a [BitmapSender] reads: one bit for each 4 KiB block.
///
/// The methods have the contracts of `SyncBitmap`, so that method references serve.
public interface BitSource {
  /// Number of bits.
  long sizeBits();

  /// First set bit at or after `from`, or -1 if there is none.
  long nextSet(long from);

  /// First clear bit at or after `from`, or [#sizeBits] if there is none.
  long nextClear(long from);

  /// Bits 64 x `index` to 64 x `index` + 63, the lowest first; 0 behind the end.
  long word(long index);
}
