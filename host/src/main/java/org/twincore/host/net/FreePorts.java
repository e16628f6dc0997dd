package org.twincore.host.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// Ports of the loopback address that nobody uses at the moment, for nodes on one machine.
///
/// None is of the range from which the kernel gives a port to a socket that asks for any: between
/// the search and the use no other socket gets one of them by chance.
public final class FreePorts {
  private static final int LOWEST = 10_000;

  /// Where that range begins on Linux (`ip_local_port_range`); RFC 6335 puts it higher.
  private static final int EPHEMERAL = 32_768;

  private static final int TRIES_MAX = 1_000;

  private FreePorts() {}

  /// That many different ports.
  public static List<Integer> find(int count) throws IOException {
    List<Integer> found = new ArrayList<>();
    for (int tries = 0; tries < TRIES_MAX + count && found.size() < count; tries++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, EPHEMERAL);
      if (!found.contains(port) && isFree(port)) {
        found.add(port);
      }
    }
    if (found.size() < count) {
      throw new IOException(
          "only %d of %d free ports between %d and %d"
              .formatted(found.size(), count, LOWEST, EPHEMERAL));
    }
    return found;
  }

  private static boolean isFree(int port) {
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
