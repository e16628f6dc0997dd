package org.twincore.daemon.log;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Lines to a file that is renamed to `FILE.1` when it has grown too large, `FILE.1` to `FILE.2`
/// and so on. After an error (a full disk) the next line tries again from scratch.
final class RotatedFile implements LogTarget {
  private final Path file;
  private final long maxBytes;
  private final int keep;
  private @Nullable OutputStream out;
  private long sizeBytes;

  RotatedFile(Path file, long maxBytes, int keep) {
    this.file = file;
    this.maxBytes = maxBytes;
    this.keep = keep;
  }

  @Override
  public void write(String line) throws IOException {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      OutputStream open = opened();
      if (sizeBytes > 0 && sizeBytes + bytes.length > maxBytes) {
        close();
        rotate();
        open = opened();
      }
      open.write(bytes);
      sizeBytes += bytes.length;
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  @Override
  public void flush() throws IOException {
    try {
      if (out != null) {
        out.flush();
      }
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  private OutputStream opened() throws IOException {
    if (out == null) {
      out =
          new BufferedOutputStream(
              Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
      sizeBytes = Files.size(file);
    }
    return out;
  }

  private void close() {
    OutputStream old = out;
    out = null;
    if (old != null) {
      try {
        old.close();
      } catch (IOException _) {
        // what it still held is lost with it; the next write reports if the file stays unusable
      }
    }
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
