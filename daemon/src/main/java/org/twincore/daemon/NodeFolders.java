package org.twincore.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.NodePaths;

/// The two folders of a node: sockets and pid files in `run`, what outlives it in `state`.
public record NodeFolders(Path run, Path state) {

  /// The usual places where nothing else is said; missing folders are made, for the owner alone.
  static NodeFolders make(Optional<Path> run, Optional<Path> state, Map<String, String> environment)
      throws IOException {
    boolean isRoot = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    Path runFolder = run.orElseGet(() -> NodePaths.runFolder(environment, isRoot));
    Path stateFolder = state.orElseGet(() -> stateFolder(environment, isRoot));
    return new NodeFolders(made(runFolder), made(stateFolder));
  }

  private static Path stateFolder(Map<String, String> environment, boolean isRoot) {
    if (isRoot) {
      return Path.of("/var/lib/twincore");
    }
    String xdg = environment.getOrDefault("XDG_STATE_HOME", "");
    return xdg.isEmpty()
        ? Path.of(environment.getOrDefault("HOME", "/tmp"), ".local", "state", "twincore")
        : Path.of(xdg, "twincore");
  }

  private static Path made(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return folder.toAbsolutePath();
  }
}
