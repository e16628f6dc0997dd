package org.twincore.drbd.wire;

/// The three headers (drbd-wire section 2).
public enum Framing {
  /// u32 magic, u16 command, u16 length.
  H80(8, 0x83740267),
  /// u16 magic, u16 command, u32 length: long bodies at agreed versions 95 to 99.
  H95(8, 0x835a),
  /// u32 magic, u16 volume, u16 command, u32 length, u32 pad: everything from agreed version 100.
  H100(16, 0x8620ec20);

  private static final int H80_BODY_BYTES_MAX = 32768;
  private static final int H95_SINCE = 95;
  private static final int H100_SINCE = 100;

  private final int headerBytes;
  private final int magic;

  Framing(int headerBytes, int magic) {
    this.headerBytes = headerBytes;
    this.magic = magic;
  }

  /// The header of a body of that length at an agreed version.
  public static Framing of(int version, int bodyBytes) {
    if (version >= H100_SINCE) {
      return H100;
    }
    return version >= H95_SINCE && bodyBytes > H80_BODY_BYTES_MAX ? H95 : H80;
  }

  public int headerBytes() {
    return headerBytes;
  }

  /// The first field: 16 bits of [#H95], 32 of the others.
  int magic() {
    return magic;
  }
}
