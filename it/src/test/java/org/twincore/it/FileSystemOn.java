package org.twincore.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// An ext4 mounted from a block device. Closing it unmounts, in mount namespaces that others made
/// as slaves of this one too: a copy that stays there would hold the device open.
record FileSystemOn(Path device, Path folder) implements AutoCloseable {
  /// Makes a file system and mounts it on `folder`.
  static FileSystemOn make(Path device, Path folder) throws IOException, InterruptedException {
    Tool.ok("mkfs.ext4", "-q", "-F", device.toString());
    return mount(device, folder);
  }

  static FileSystemOn mount(Path device, Path folder) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    // An unmount is passed on by the mount that it happens below (mount_namespaces(7)).
    Tool.ok("mount", "--bind", folder.toString(), folder.toString());
    Tool.ok("mount", "--make-shared", folder.toString());
    Tool mounted = Tool.run("mount", "-t", "ext4", device.toString(), folder.toString());
    if (mounted.exitCode() != 0) {
      Tool.ok("umount", folder.toString());
      throw new AssertionError(mounted.output());
    }
    return new FileSystemOn(device, folder);
  }

  /// Fails unless a forced check finds nothing to mend; the device must not be mounted.
  static void check(Path device) throws IOException, InterruptedException {
    Tool.ok("e2fsck", "-f", "-n", device.toString());
  }

  @Override
  public void close() throws IOException {
    try {
      Tool.ok("umount", folder.toString());
      Tool.ok("umount", folder.toString()); // the shared mount below it
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
  }
}
