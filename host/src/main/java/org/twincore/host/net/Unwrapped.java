package org.twincore.host.net;

import java.io.IOException;
import java.nio.ByteBuffer;

/// What a wrapped connection has unwrapped and its reader has not taken yet: one record or block.
final class Unwrapped {
  /// Brings the next one into the buffer: above 0 to be asked again or to be read, 0 if there is
  /// none now, -1 at the end.
  @FunctionalInterface
  interface Step {
    int next() throws IOException;
  }

  /// To be read.
  final ByteBuffer bytes;

  Unwrapped(int bytesMax) {
    bytes = ByteBuffer.allocate(bytesMax).limit(0);
  }

  /// As [PeerChannel#read].
  int read(ByteBuffer into, Step step) throws IOException {
    int total = 0;
    while (into.hasRemaining()) {
      if (!bytes.hasRemaining()) {
        int got = step.next();
        if (got <= 0) {
          return total > 0 ? total : got;
        }
        continue;
      }
      int part = Math.min(into.remaining(), bytes.remaining());
      into.put(into.position(), bytes, bytes.position(), part);
      into.position(into.position() + part);
      bytes.position(bytes.position() + part);
      total += part;
    }
    return total;
  }
}
