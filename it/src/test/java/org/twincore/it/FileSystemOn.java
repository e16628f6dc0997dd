package org.twincore.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// An ext4 mounted from a block device. Closing it unmounts.
record FileSystemOn(Path device, Path folder) implements AutoCloseable {
  /// Makes a file system and mounts it on `folder`.
  static FileSystemOn make(Path device, Path folder) throws IOException, InterruptedException {
    Tool.ok("mkfs.ext4", "-q", "-F", device.toString());
    return mount(device, folder);
  }

  static FileSystemOn mount(Path device, Path folder) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Tool.ok("mount", "-t", "ext4", device.toString(), folder.toString());
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
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
  }
}
