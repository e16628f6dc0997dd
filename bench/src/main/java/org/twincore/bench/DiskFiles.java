package org.twincore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Random;

/// The files behind the targets: written once before anything is measured, so that none of them has
/// holes to fill.
final class DiskFiles {
  private static final int CHUNK_BYTES = 1 << 20;

  private DiskFiles() {}

  /// Writes a file of that size full of bytes that do not compress, and waits for the disk.
  static void fill(Path file, long sizeBytes) throws IOException {
    byte[] bytes = new byte[CHUNK_BYTES];
    new Random(sizeBytes).nextBytes(bytes);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (long done = 0; done < sizeBytes; ) {
        ByteBuffer chunk = ByteBuffer.wrap(bytes, 0, (int) Math.min(CHUNK_BYTES, sizeBytes - done));
        done += channel.write(chunk);
      }
      channel.force(true);
    }
  }

  /// Waits until what was written is on the disk, so that the next target does not pay for it.
  static void settle(Collection<Path> files) throws IOException {
    for (Path file : files) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(false);
      }
    }
  }
}
