package org.twincore.nbd;

/// What an export can do (proto.md, "Transmission flags"), a set of bits in 16.
public final class TransmissionFlags {
  public static final int HAS_FLAGS = 1;
  public static final int READ_ONLY = 1 << 1;
  public static final int SEND_FLUSH = 1 << 2;
  public static final int SEND_FUA = 1 << 3;
  public static final int ROTATIONAL = 1 << 4;
  public static final int SEND_TRIM = 1 << 5;
  public static final int SEND_WRITE_ZEROES = 1 << 6;
  public static final int SEND_DF = 1 << 7;
  public static final int CAN_MULTI_CONN = 1 << 8;
  public static final int SEND_RESIZE = 1 << 9;
  public static final int SEND_CACHE = 1 << 10;
  public static final int SEND_FAST_ZERO = 1 << 11;

  /// All that a writable export of this server offers; SEND_DF is added per session, once
  /// structured replies are agreed on.
  static final int WRITABLE =
      HAS_FLAGS
          | SEND_FLUSH
          | SEND_FUA
          | SEND_TRIM
          | SEND_WRITE_ZEROES
          | CAN_MULTI_CONN
          | SEND_CACHE
          | SEND_FAST_ZERO;

  static final int READABLE = HAS_FLAGS | READ_ONLY | SEND_FLUSH | CAN_MULTI_CONN | SEND_CACHE;

  private TransmissionFlags() {}
}
