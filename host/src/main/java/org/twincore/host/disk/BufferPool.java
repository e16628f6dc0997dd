package org.twincore.host.disk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// Native buffers of one size, aligned to pages, for the way between a heap array and a file.
///
/// Made on demand and kept for ever up to a limit; beyond it a buffer lives for one request.
final class BufferPool {
  static final int BUFFER_BYTES = 1 << 20;
  private static final int KEPT_MAX = 16;
  private static final int PAGE_BYTES = 4096;

  private final ConcurrentLinkedQueue<MemorySegment> free = new ConcurrentLinkedQueue<>();
  private final AtomicInteger kept = new AtomicInteger();

  /// A buffer of [#BUFFER_BYTES] with any content; give it back with [#put].
  MemorySegment take() {
    MemorySegment buffer = free.poll();
    if (buffer != null) {
      kept.decrementAndGet();
      return buffer;
    }
    return Arena.ofAuto().allocate(BUFFER_BYTES, PAGE_BYTES);
  }

  void put(MemorySegment buffer) {
    if (kept.incrementAndGet() <= KEPT_MAX) {
      free.add(buffer);
    } else {
      kept.decrementAndGet(); // the collector frees it
    }
  }
}
