package org.twincore.cli.conf;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.twincore.drbd.config.Endpoint;
import org.twincore.drbd.config.LocalNode;

/// Who this machine is to a configuration.
public final class ThisNode {
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  private ThisNode() {}

  /// The node's name: the given one, else that of `TWINCORE_NODE`, else the machine's.
  public static String name(Optional<String> given, Map<String, String> environment) {
    return given
        .or(() -> Optional.ofNullable(environment.get("TWINCORE_NODE")))
        .filter(name -> !name.isEmpty())
        .orElseGet(ThisNode::hostName);
  }

  private static String hostName() {
    try {
      return Files.readString(HOST_NAME).strip();
    } catch (IOException _) {
      return "localhost";
    }
  }

  /// The node of that name with this machine's addresses.
  public static LocalNode of(String name) {
    return new LocalNode(name, ThisNode::hasAddress);
  }

  /// Whether an address is configured here. Only of IPv4 and IPv6 this can be known; the others are
  /// taken to be.
  private static boolean hasAddress(Endpoint endpoint) {
    if (!endpoint.family().equals("ipv4") && !endpoint.family().equals(Endpoint.IPV6)) {
      return true;
    }
    try {
      InetAddress address =
          endpoint.family().equals(Endpoint.IPV6)
              ? Inet6Address.ofLiteral(endpoint.address().split("%", 2)[0])
              : InetAddress.getByAddress(octets(endpoint.address()));
      return NetworkInterface.getByInetAddress(address) != null;
    } catch (IOException | IllegalArgumentException _) {
      return false;
    }
  }

  private static byte[] octets(String address) {
    byte[] octets = new byte[4];
    String[] parts = address.split("\\.");
    for (int i = 0; i < octets.length; i++) {
      int octet = Integer.parseInt(parts[i]);
      if (octet > 255) {
        throw new IllegalArgumentException(address);
      }
      octets[i] = (byte) octet;
    }
    return octets;
  }
}
