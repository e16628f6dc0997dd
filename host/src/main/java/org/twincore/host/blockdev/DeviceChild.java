package org.twincore.host.blockdev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.twincore.host.linux.SysStat;

/// A block device as a program of its own sees it, under a name that is there only meanwhile.
///
/// What may have to wait for the device's own writes is done in a child: this process serves those
/// writes, and one that waits for itself can neither go on nor be killed.
///
/// @param scratch the name, in a folder where device nodes can be opened
/// @param major number of the device's driver
/// @param minor number of the device there
record DeviceChild(Path scratch, int major, int minor) {
  private static final int ROOT_ONLY = 0600;

  /// Makes the name.
  void makeNode() throws IOException {
    Files.deleteIfExists(scratch);
    SysStat.makeBlockNode(scratch.toString(), ROOT_ONLY, major, minor);
  }

  /// Takes the name away.
  void removeNode() throws IOException {
    Files.deleteIfExists(scratch);
  }

  /// Runs `PROGRAM OPTION NAME` to its end, whatever that is; false if it takes longer.
  boolean run(long timeoutMillis, String program, String option) throws IOException {
    makeNode();
    try {
      Process child =
          new ProcessBuilder(program, option, scratch.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      boolean isDone = child.waitFor(timeoutMillis, TimeUnit.MILLISECONDS);
      if (!isDone) {
        child.destroyForcibly();
      }
      return isDone;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    } finally {
      removeNode();
    }
  }

  /// Hands everything written to the device to its driver, a mounted file system's pages included;
  /// false if that takes longer.
  boolean flush(long timeoutMillis) throws IOException {
    return run(timeoutMillis, "/sbin/blockdev", "--flushbufs");
  }
}
