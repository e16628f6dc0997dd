package org.twincore.host.linux;

/// The error numbers that this program tells apart (asm-generic/errno-base.h, errno.h).
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int ESPIPE = 29;
  public static final int EROFS = 30;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int EOPNOTSUPP = 95;
  public static final int ENOTCONN = 107;

  private Errno() {}

  /// The number with the kernel's name for it, for messages.
  static String text(int errno) {
    return switch (errno) {
      case EPERM -> "not permitted (EPERM)";
      case ENOENT -> "no such file (ENOENT)";
      case EINTR -> "interrupted (EINTR)";
      case EIO -> "input/output error (EIO)";
      case ENXIO -> "no such device (ENXIO)";
      case EAGAIN -> "try again (EAGAIN)";
      case ENOMEM -> "out of memory (ENOMEM)";
      case EACCES -> "permission denied (EACCES)";
      case EBUSY -> "busy (EBUSY)";
      case ENODEV -> "no such device (ENODEV)";
      case ENOTDIR -> "a part of the path is no folder (ENOTDIR)";
      case EISDIR -> "is a folder (EISDIR)";
      case EROFS -> "read-only file system (EROFS)";
      case ESPIPE -> "cannot be positioned, a pipe? (ESPIPE)";
      case EINVAL -> "invalid argument (EINVAL)";
      case ENOSPC -> "no space left (ENOSPC)";
      case ENAMETOOLONG -> "name too long (ENAMETOOLONG)";
      case ENOSYS -> "not implemented (ENOSYS)";
      case EOPNOTSUPP -> "not supported (EOPNOTSUPP)";
      case ENOTCONN -> "not connected (ENOTCONN)";
      default -> "errno " + errno;
    };
  }
}
