package org.twincore.drbd.wire;

/// The three headers (drbd-wire section 2).
public enum Framing {
  /// u32 magic, u16 command, u16 length.
  H80(8),
  /// u16 magic, u16 command, u32 length: long bodies at agreed versions 95 to 99.
  H95(8),
  /// u32 magic, u16 volume, u16 command, u32 length, u32 pad: everything from agreed version 100.
  H100(16);

  private final int headerBytes;

  Framing(int headerBytes) {
    this.headerBytes = headerBytes;
  }

  public int headerBytes() {
    return headerBytes;
  }
}
