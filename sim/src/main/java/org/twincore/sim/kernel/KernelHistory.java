package org.twincore.sim.kernel;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.twincore.drbd.wire.Payload;

/// What each block may hold: what was answered last, or a write that never was (issue of a crash).
///
/// Every write has a number of its own that fills its blocks; 0 is a block that nobody wrote or
/// that was discarded. No two writes to a block are under way at once.
final class KernelHistory {
  private final List<TreeSet<Integer>> possible = new ArrayList<>();
  private final TreeSet<Integer> busy = new TreeSet<>();
  private final int[] begun;
  private int lastNumber;
  private int answered;

  KernelHistory(int blocks) {
    begun = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      possible.add(new TreeSet<>(List.of(0)));
    }
  }

  boolean isFree(int block, int count) {
    return busy.subSet(block, block + count).isEmpty();
  }

  /// Begins a write of `count` blocks; its number.
  int begin(int block, int count, boolean discards) {
    int number = discards ? 0 : ++lastNumber;
    for (int i = block; i < block + count; i++) {
      busy.add(i);
      begun[i]++;
      possible.get(i).add(number);
    }
    return number;
  }

  /// The application has its answer.
  void done(int block, int count, int number) {
    answered++;
    for (int i = block; i < block + count; i++) {
      busy.remove(i);
      possible.get(i).clear();
      possible.get(i).add(number);
    }
  }

  /// The writer is gone or told of an error: the write was done or not.
  void undecided(int block, int count) {
    for (int i = block; i < block + count; i++) {
      busy.remove(i);
    }
  }

  /// How many writes to a block have begun so far: what is read is known only as long as that
  /// stays.
  int begun(int block) {
    return begun[block];
  }

  /// Writes that were answered well.
  int answered() {
    return answered;
  }

  boolean isIdle() {
    return busy.isEmpty();
  }

  static Payload payload(int number, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * KernelDisk.BLOCK_BYTES);
    while (bytes.hasRemaining()) {
      bytes.putInt(number);
    }
    return Payload.of(bytes.array());
  }

  /// Fails unless the block's content is a possible one, all of it.
  void check(int block, byte[] content) {
    ByteBuffer bytes = ByteBuffer.wrap(content);
    int number = bytes.getInt();
    if (!possible.get(block).contains(number)) {
      throw new Misbehaved(
          "block %d holds write %d, possible are %s".formatted(block, number, possible.get(block)));
    }
    while (bytes.hasRemaining()) {
      if (bytes.getInt() != number) {
        throw new Misbehaved("block %d is torn".formatted(block));
      }
    }
  }
}
