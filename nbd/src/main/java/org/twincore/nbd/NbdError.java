package org.twincore.nbd;

/// Error values of replies (proto.md, "Error values"); the numbers are those of Linux.
public enum NbdError {
  EPERM(1),
  EIO(5),
  ENOMEM(12),
  EINVAL(22),
  ENOSPC(28),
  EOVERFLOW(75),
  ENOTSUP(95),
  ESHUTDOWN(108);

  private static final NbdError[] ALL = values();

  private final int code;

  NbdError(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /// The error of a number; unknown ones read as EINVAL, as proto.md asks.
  public static NbdError ofCode(int code) {
    for (NbdError error : ALL) {
      if (error.code == code) {
        return error;
      }
    }
    return EINVAL;
  }
}
