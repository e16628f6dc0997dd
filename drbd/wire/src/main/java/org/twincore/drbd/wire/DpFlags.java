package org.twincore.drbd.wire;

/// dp_flags of a mirrored write (drbd-wire 8.1).
public final class DpFlags {
  public static final int SYNC = 2;
  public static final int MAY_SET_IN_SYNC = 4;
  public static final int UNPLUG = 8;
  public static final int FUA = 16;
  public static final int FLUSH = 32;
  public static final int DISCARD = 64;
  public static final int SEND_RECEIVE_ACK = 128;
  public static final int SEND_WRITE_ACK = 256;
  public static final int WSAME = 512;
  public static final int ZEROES = 1024;

  private DpFlags() {}
}
