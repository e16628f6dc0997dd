package org.twincore.daemon.log;

import java.io.IOException;

/// Takes finished lines, from one thread.
interface LogTarget {
  void write(String line) throws IOException;

  /// What was written is handed to the kernel.
  void flush() throws IOException;
}
