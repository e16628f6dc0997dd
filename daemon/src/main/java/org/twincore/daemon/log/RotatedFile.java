package org.twincore.daemon.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Lines to a file that is renamed to `FILE.1` when it has grown too large, `FILE.1` to `FILE.2`
/// and so on. After an error (a full disk) the next line tries again from scratch; where the files
/// cannot be renamed the old one grows on.
final class RotatedFile implements LogTarget {
  private final Path file;
  private final long maxBytes;
  private final int keep;
  private @Nullable FileChannel out;

  RotatedFile(Path file, long maxBytes, int keep) {
    this.file = file;
    this.maxBytes = maxBytes;
    this.keep = keep;
  }

  @Override
  public void write(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      FileChannel open = opened();
      long sizeBytes = open.size();
      if (sizeBytes > 0 && sizeBytes + bytes.remaining() > maxBytes) {
        open = rotated(open);
      }
      writeWhole(open, bytes);
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  /// What a full disk took of the line goes again.
  private static void writeWhole(FileChannel open, ByteBuffer bytes) throws IOException {
    long before = open.size();
    try {
      while (bytes.hasRemaining()) {
        open.write(bytes);
      }
    } catch (IOException failed) {
      open.truncate(before);
      throw failed;
    }
  }

  private FileChannel opened() throws IOException {
    FileChannel open = out;
    if (open == null) {
      open = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      out = open;
    }
    return open;
  }

  private void close() {
    FileChannel old = out;
    out = null;
    if (old != null) {
      try {
        old.close();
      } catch (IOException _) {
        // the lines are with the kernel; the next write reports if the file stays unusable
      }
    }
  }

  private FileChannel rotated(FileChannel open) throws IOException {
    try {
      rotate();
    } catch (IOException _) {
      return open; // too large a log is better than none
    }
    close();
    return opened();
  }

  private void rotate() throws IOException {
    if (keep == 0) {
      Files.deleteIfExists(file);
      return;
    }
    for (int number = keep - 1; number >= 1; number--) {
      Path older = numbered(number);
      if (Files.exists(older)) {
        Files.move(older, numbered(number + 1), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.move(file, numbered(1), StandardCopyOption.REPLACE_EXISTING);
  }

  private Path numbered(int number) {
    return file.resolveSibling(file.getFileName() + "." + number);
  }
}
