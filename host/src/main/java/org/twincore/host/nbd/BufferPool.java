package org.twincore.host.nbd;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// Direct buffers for the ends of connections, so that a storm of connects does not pile up native
/// memory until the next collection.
final class BufferPool {
  /// Larger than the head of the largest reply, and a quarter of a megabyte is as much as a Unix
  /// socket takes at once.
  static final int BUFFER_BYTES = 256 << 10;

  private static final int IDLE_MAX = 32;

  private final ConcurrentLinkedQueue<ByteBuffer> idle = new ConcurrentLinkedQueue<>();
  private final AtomicInteger idleCount = new AtomicInteger();

  /// An empty buffer.
  ByteBuffer take() {
    ByteBuffer buffer = idle.poll();
    if (buffer == null) {
      return ByteBuffer.allocateDirect(BUFFER_BYTES);
    }
    idleCount.decrementAndGet();
    return buffer.clear();
  }

  void give(ByteBuffer buffer) {
    if (idleCount.incrementAndGet() <= IDLE_MAX) {
      idle.add(buffer);
    } else {
      idleCount.decrementAndGet();
    }
  }
}
