package org.twincore.host.linux;

import java.io.IOException;

/// A system call failed: which one, on what, with what errno.
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  LinuxException(String call, int errno) {
    super(call + ": " + Errno.text(errno));
    this.errno = errno;
  }

  /// The errno (errno.h), positive.
  public int errno() {
    return errno;
  }
}
