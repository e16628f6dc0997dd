package org.twincore.drbd.wire;

/// How a bitmap is cut into plain P_BITMAP bodies (drbd-wire 11.2): 64-bit words, little-endian, as
/// many as fit into 4096 bytes with the header.
final class BitmapChunks {
  private static final int BUFFER_BYTES = 4096;

  private BitmapChunks() {}

  /// Bytes that a body may have under that header.
  static int bodyBytesMax(Framing framing) {
    return BUFFER_BYTES - framing.headerBytes();
  }

  /// Words in the body that starts at `word`: a whole chunk, or what is left; 0 at the end.
  static int wordsAt(long word, long sizeBits, Framing framing) {
    return (int) Math.min(bodyBytesMax(framing) / Long.BYTES, words(sizeBits) - word);
  }

  /// Words that hold that many bits.
  static long words(long sizeBits) {
    return (sizeBits + Long.SIZE - 1) / Long.SIZE;
  }
}
