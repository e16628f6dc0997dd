package org.twincore.daemon.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Lines to standard error.
final class StandardError implements LogTarget {
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.err);

  /// Some of the last line may have been written: its end comes first then.
  private boolean isTorn;

  @Override
  public void write(String line) throws IOException {
    String text = (isTorn ? "\n" : "") + line + "\n";
    isTorn = true;
    out.write(text.getBytes(StandardCharsets.UTF_8));
    isTorn = false;
  }
}
