package org.twincore.drbd.engine.replay;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.random.RandomGenerator;

/// Draws the UUIDs that a captured node drew, then those of another source; all jitter is the
/// middle of its range.
final class ScriptedRandom implements RandomGenerator {
  private final Deque<Long> uuids = new ArrayDeque<>();

  private final RandomGenerator afterwards;

  ScriptedRandom(RandomGenerator afterwards, long... uuids) {
    this.afterwards = afterwards;
    for (long uuid : uuids) {
      this.uuids.add(uuid);
    }
  }

  int uuidsLeft() {
    return uuids.size();
  }

  @Override
  public long nextLong() {
    return uuids.isEmpty() ? afterwards.nextLong() : uuids.remove();
  }

  @Override
  public long nextLong(long bound) {
    return bound / 2;
  }

  @Override
  public long nextLong(long origin, long bound) {
    return origin + (bound - origin) / 2;
  }

  @Override
  public int nextInt() {
    return 0;
  }

  @Override
  public int nextInt(int bound) {
    return bound / 2;
  }

  @Override
  public boolean nextBoolean() {
    return false;
  }
}
