package org.twincore.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.twincore.host.nbd.NbdClient;

/// Where a test's load finds an export, `r0` where nothing else is said; `uri` is what other
/// programs are told.
record NbdAddress(SocketAddress socket, String export, String uri) {
  private static final long CONNECT_MILLIS = 30_000;

  static NbdAddress unix(Path socket) {
    return unix(socket, "r0");
  }

  static NbdAddress unix(Path socket, String export) {
    return new NbdAddress(
        UnixDomainSocketAddress.of(socket), export, "nbd+unix:///" + export + "?socket=" + socket);
  }

  static NbdAddress loopback(int port) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    return new NbdAddress(address, "r0", "nbd://127.0.0.1:" + port + "/r0");
  }

  NbdClient connect() throws IOException {
    return NbdClient.connect(socket, export, CONNECT_MILLIS);
  }
}
