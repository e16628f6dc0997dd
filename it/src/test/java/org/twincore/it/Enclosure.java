package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Holds a disk that can be pulled: a [VolatileDisk] over the disk's file. Once pulled, every
/// request fails, and what was not flushed is gone.
final class Enclosure implements AutoCloseable {
  private final Path disk;
  private final Path inside;
  private final JavaProcess server;

  private Enclosure(Path disk, Path inside, JavaProcess server) {
    this.disk = disk;
    this.inside = inside;
    this.server = server;
  }

  /// Nobody uses the disk at the moment. The calling test is skipped, aloud, where that cannot be.
  static Enclosure around(Path disk) throws IOException {
    Root.requireBlockDevices();
    Path inside = disk.resolveSibling(disk.getFileName() + "-inside");
    Files.copy(disk, inside);
    JavaProcess server =
        JavaProcess.start(VolatileDisk.class, List.of(disk.toString(), inside.toString()));
    assertThat(server.readLine()).isEqualTo("ready");
    return new Enclosure(disk, inside, server);
  }

  void pull() throws InterruptedException {
    server.kill();
  }

  /// Gives the file under it back; what the disk itself holds now is in the file returned.
  Path remove() throws IOException, InterruptedException {
    Tool.ok("umount", "--lazy", disk.toString());
    return inside;
  }

  @Override
  public void close() throws IOException {
    server.close();
    try {
      Tool.run("umount", "--lazy", disk.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
