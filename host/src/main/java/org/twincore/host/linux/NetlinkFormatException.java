package org.twincore.host.linux;

import java.io.IOException;

/// The kernel said something over netlink that is no message: what, and at which byte.
public final class NetlinkFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  NetlinkFormatException(String what, int offset) {
    super("netlink: " + what + " at byte " + offset);
  }
}
