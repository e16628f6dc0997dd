package org.twincore.daemon.log;

import java.io.IOException;

/// Takes finished lines, from one thread.
interface LogTarget {
  /// Hands a whole line to the kernel. One that fails is lost and leaves no torn line in front of
  /// the next.
  void write(String line) throws IOException;
}
