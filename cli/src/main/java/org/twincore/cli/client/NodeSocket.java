package org.twincore.cli.client;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.NodePaths;
import org.twincore.cli.conf.ThisNode;

/// Where the node answers that a tool is to ask.
public final class NodeSocket {
  private NodeSocket() {}

  /// The admin socket of the named node, or of this machine's.
  public static Path of(Optional<String> node, Map<String, String> environment) {
    boolean isRoot = System.getProperty("user.name", "").equals("root");
    return NodePaths.adminSocket(
        NodePaths.runFolder(environment, isRoot), ThisNode.name(node, environment));
  }
}
