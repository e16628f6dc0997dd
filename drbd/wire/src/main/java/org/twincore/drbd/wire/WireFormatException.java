package org.twincore.drbd.wire;

/// Bytes that are no DRBD packet: where, what was expected, what was found.
public final class WireFormatException extends Exception {
  private static final long serialVersionUID = 1L;

  /// How much of a packet it is: how a connection ends depends on that.
  public enum Fault {
    /// Not even a header.
    HEADER,
    /// The header of a command that there is not.
    COMMAND,
    /// A known packet, of another length or with contents that it cannot have.
    BODY
  }

  private final long offsetBytes;
  private final Fault fault;

  /// `offsetBytes` counts from the first byte of the stream.
  WireFormatException(Fault fault, long offsetBytes, String expected, String found) {
    super("at byte " + offsetBytes + ": expected " + expected + ", found " + found);
    this.fault = fault;
    this.offsetBytes = offsetBytes;
  }

  WireFormatException(long offsetBytes, String expected, String found) {
    this(Fault.BODY, offsetBytes, expected, found);
  }

  public Fault fault() {
    return fault;
  }

  /// Where in the stream the unexpected bytes are.
  public long offsetBytes() {
    return offsetBytes;
  }
}
