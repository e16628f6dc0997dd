package org.twincore.daemon.resource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/// Addresses of replication links: `ipv4:10.0.0.1:7788`, `ipv6:[::1]:7788`. Names are no addresses.
public final class AddressText {
  private static final int PORT_MAX = 65535;

  private AddressText() {}

  public static InetSocketAddress parse(String text) throws RefusedException {
    int family = text.indexOf(':');
    int port = text.lastIndexOf(':');
    if (family < 0 || port <= family) {
      throw wrong(text);
    }
    String host = text.substring(family + 1, port);
    switch (text.substring(0, family)) {
      case "ipv4" -> {
        if (!host.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}")) {
          throw wrong(text);
        }
      }
      case "ipv6" -> {
        if (!host.matches("\\[[0-9A-Fa-f:.]+(%[0-9A-Za-z._-]+)?]")) {
          throw wrong(text);
        }
      }
      default -> throw wrong(text);
    }
    try {
      return new InetSocketAddress(
          InetAddress.getByName(host), portOf(text, text.substring(port + 1)));
    } catch (UnknownHostException _) {
      throw wrong(text);
    }
  }

  private static int portOf(String text, String digits) throws RefusedException {
    if (!digits.matches("[0-9]{1,5}")) {
      throw wrong(text);
    }
    int port = Integer.parseInt(digits);
    if (port < 1 || port > PORT_MAX) {
      throw wrong(text);
    }
    return port;
  }

  private static RefusedException wrong(String text) {
    return RefusedException.nonsense(
        "'" + text + "' is no address: ipv4:A.B.C.D:PORT or ipv6:[A]:PORT expected");
  }
}
