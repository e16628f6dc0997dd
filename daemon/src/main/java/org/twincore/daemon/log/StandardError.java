package org.twincore.daemon.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Lines to standard error.
final class StandardError implements LogTarget {
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.err);

  @Override
  public void write(String line) throws IOException {
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }
}
