package org.twincore.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.twincore.host.nbd.NbdClient;

/// Where a test's load finds the export `r0`; `uri` is what other programs are told.
record NbdAddress(SocketAddress socket, String uri) {
  private static final long CONNECT_MILLIS = 30_000;

  static NbdAddress unix(Path socket) {
    return new NbdAddress(UnixDomainSocketAddress.of(socket), "nbd+unix:///r0?socket=" + socket);
  }

  static NbdAddress loopback(int port) {
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    return new NbdAddress(address, "nbd://127.0.0.1:" + port + "/r0");
  }

  NbdClient connect() throws IOException {
    return NbdClient.connect(socket, "r0", CONNECT_MILLIS);
  }
}
