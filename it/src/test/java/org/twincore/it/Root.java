package org.twincore.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// What only the superuser's tests may do.
final class Root {
  private Root() {}

  /// Skips the calling test, aloud, where block devices cannot be made.
  static void requireBlockDevices() throws IOException {
    require();
    for (String device : new String[] {"/dev/fuse", "/dev/loop-control"}) {
      Assumptions.assumeTrue(Files.exists(Path.of(device)), device + " is missing");
    }
  }

  static void require() throws IOException {
    int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    Assumptions.assumeTrue(uid == 0, "only root can do this");
  }
}
