package org.twincore.host.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.twincore.nbd.StatusExtent;

/// A device in memory, for tests and for measuring the way to it. Finishes every request before the
/// call returns; may be opened by many connections at once.
public final class MemoryTarget implements BlockTarget {
  private static final int BLOCK_BYTES = 4096;

  private final ByteBuffer memory;
  private final BitSet allocated = new BitSet();
  private final AtomicInteger closes = new AtomicInteger();

  /// `sizeBytes`: a multiple of 4096.
  public MemoryTarget(int sizeBytes) {
    if (sizeBytes % BLOCK_BYTES != 0) {
      throw new IllegalArgumentException("size " + sizeBytes);
    }
    this.memory = ByteBuffer.allocateDirect(sizeBytes);
  }

  public long sizeBytes() {
    return memory.capacity();
  }

  /// How often a connection has let go of it.
  public int closes() {
    return closes.get();
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    done.data(memory.slice((int) offset, length));
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    memory.put((int) offset, array, arrayOffset, length);
    mark(offset, length, true);
    done.done();
  }

  @Override
  public void flush(Done done) {
    done.done();
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    byte[] zeroes = new byte[BLOCK_BYTES];
    for (long at = offset; at < offset + length; at += BLOCK_BYTES) {
      memory.put((int) at, zeroes, 0, (int) Math.min(BLOCK_BYTES, offset + length - at));
    }
    mark(offset, length, kind == Discard.ZEROES_NO_HOLE || kind == Discard.FAST_ZEROES_NO_HOLE);
    done.done();
  }

  @Override
  public void cache(long offset, long length, Done done) {
    done.done();
  }

  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    List<StatusExtent> extents = new ArrayList<>();
    synchronized (allocated) {
      long at = offset;
      while (at < offset + length) {
        int block = (int) (at / BLOCK_BYTES);
        boolean isData = allocated.get(block);
        int next = isData ? allocated.nextClearBit(block) : allocated.nextSetBit(block);
        long end = next < 0 ? sizeBytes() : Math.min(sizeBytes(), (long) next * BLOCK_BYTES);
        extents.add(isData ? StatusExtent.data(end - at) : StatusExtent.hole(end - at));
        at = end;
      }
    }
    done.status(extents);
  }

  @Override
  public void close() {
    closes.incrementAndGet();
  }

  /// Whole blocks become holes, any touched block becomes data.
  private void mark(long offset, long length, boolean isData) {
    long end = offset + length;
    int first = (int) (isData ? offset / BLOCK_BYTES : (offset + BLOCK_BYTES - 1) / BLOCK_BYTES);
    int behind = (int) (isData ? (end + BLOCK_BYTES - 1) / BLOCK_BYTES : end / BLOCK_BYTES);
    if (first < behind) {
      synchronized (allocated) {
        allocated.set(first, behind, isData);
      }
    }
  }
}
