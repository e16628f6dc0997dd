package org.twincore.admin;

import java.nio.file.Path;
import java.util.Map;

/// Where nodes keep what belongs to a running node: `/run/twincore` for root, else
/// `$XDG_RUNTIME_DIR/twincore`, else `~/.cache/twincore/run`.
///
/// `TWINCORE_RUN` names another folder; several nodes on one machine have one each by name.
public final class NodePaths {
  /// Where root's node of this machine keeps its own.
  public static final Path ROOT_FOLDER = Path.of("/run/twincore");

  /// Where drbdmeta and root's node of this machine remember what the backing disks were.
  public static final Path KNOWN_DISKS = Path.of("/var/lib/drbd");

  private NodePaths() {}

  /// The folder for sockets and locks of all nodes of this user.
  public static Path runFolder(Map<String, String> environment, boolean isRoot) {
    String named = environment.get("TWINCORE_RUN");
    if (named != null && !named.isEmpty()) {
      return Path.of(named);
    }
    if (isRoot) {
      return ROOT_FOLDER;
    }
    String xdg = environment.get("XDG_RUNTIME_DIR");
    if (xdg != null && !xdg.isEmpty()) {
      return Path.of(xdg, "twincore");
    }
    return Path.of(environment.getOrDefault("HOME", "/tmp"), ".cache", "twincore", "run");
  }

  /// The admin socket of the node with that name.
  public static Path adminSocket(Path runFolder, String node) {
    return runFolder.resolve(node + ".sock");
  }
}
