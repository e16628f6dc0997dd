package org.twincore.host.nbd;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/// Addresses as settings and options spell them: `unix:PATH`, `HOST:PORT`, `[IPV6]:PORT`.
public final class NbdAddress {
  /// What IANA gave to NBD.
  public static final int DEFAULT_PORT = 10809;

  /// sun_path of sys/un.h, with its final zero, and the `~` of the name a socket is born with.
  private static final int UNIX_PATH_MAX_BYTES = 106;

  private NbdAddress() {}

  /// Names are resolved here; fails with a message that repeats the text.
  public static SocketAddress parse(String text) {
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length());
      if (path.isEmpty() || path.length() > UNIX_PATH_MAX_BYTES) {
        throw new IllegalArgumentException(
            "nbd address '"
                + text
                + "': a path of 1 to "
                + UNIX_PATH_MAX_BYTES
                + " bytes expected");
      }
      return UnixDomainSocketAddress.of(Path.of(path));
    }
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException(
          "nbd address '" + text + "': unix:PATH or HOST:PORT expected");
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      return new InetSocketAddress(InetAddress.getByName(text.substring(0, colon)), port);
    } catch (UnknownHostException | IllegalArgumentException bad) {
      throw new IllegalArgumentException("nbd address '" + text + "': " + bad.getMessage(), bad);
    }
  }
}
