package org.twincore.it;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Turns one bit over on its way from node to node, once.
final class BitFlip {
  private final AtomicReference<byte @Nullable []> wanted = new AtomicReference<>();

  /// The next time that these bytes come by in one piece, in either direction, their first is
  /// changed.
  void next(byte[] bytes) {
    wanted.set(bytes.clone());
  }

  /// Whether nothing is waited for: what [#next] was told has come by.
  boolean isDone() {
    return wanted.get() == null;
  }

  /// `data` comes by.
  void pass(byte[] data) {
    byte[] bytes = wanted.get();
    for (int at = 0; bytes != null && at <= data.length - bytes.length; at++) {
      boolean isHere = Arrays.equals(data, at, at + bytes.length, bytes, 0, bytes.length);
      if (isHere && wanted.compareAndSet(bytes, null)) {
        data[at] = (byte) (data[at] ^ 1);
        return;
      }
    }
  }
}
