package org.twincore.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// One node of a name: `NAME.lock` is locked while it runs, `NAME.pid` holds its process id.
final class NodeLock implements AutoCloseable {
  private final FileChannel channel;
  private final Path pidFile;

  private NodeLock(FileChannel channel, Path pidFile) {
    this.channel = channel;
    this.pidFile = pidFile;
  }

  static NodeLock take(Path folder, String name) throws IOException {
    Path pidFile = folder.resolve(name + ".pid");
    FileChannel channel =
        FileChannel.open(
            folder.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (tryLock(channel) == null) {
        throw new IOException("node " + name + " runs already in " + folder);
      }
      Files.writeString(pidFile, ProcessHandle.current().pid() + "\n");
      return new NodeLock(channel, pidFile);
    } catch (IOException failed) {
      channel.close();
      throw failed;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException _) {
      return null; // another node in this very process, as in tests
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(pidFile);
    channel.close();
  }
}
