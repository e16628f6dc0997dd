package org.twincore.drbd.wire;

/// Bytes that are no DRBD packet: where, what was expected, what was found.
public final class WireFormatException extends Exception {
  private static final long serialVersionUID = 1L;

  private final long offsetBytes;

  /// `offsetBytes` counts from the first byte of the stream.
  public WireFormatException(long offsetBytes, String expected, String found) {
    super("at byte " + offsetBytes + ": expected " + expected + ", found " + found);
    this.offsetBytes = offsetBytes;
  }

  /// Where in the stream the unexpected bytes are.
  public long offsetBytes() {
    return offsetBytes;
  }
}
