package org.twincore.cli.client;

import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminVersion;

/// What `twincore version` prints: the version that is installed, and the one that runs, which is
/// another one between an upgrade and the node's restart.
public final class VersionReport {
  private VersionReport() {}

  /// Two lines; the node is the one that the environment names, or this machine's.
  public static String of(Map<String, String> environment) {
    return AdminVersion.OWN + "\n" + node(environment) + "\n";
  }

  private static String node(Map<String, String> environment) {
    try (AdminClient client = AdminClient.connect(NodeSocket.of(Optional.empty(), environment))) {
      return client.ask(new AdminRequest.Hello()) instanceof AdminAnswer.Info info
          ? "node %s runs %s since %s, process %d"
              .formatted(
                  info.node(),
                  info.version(),
                  Instant.ofEpochMilli(info.startedMillis()),
                  info.pid())
          : "the node does not tell its version";
    } catch (IOException noNode) {
      return String.valueOf(noNode.getMessage());
    }
  }
}
