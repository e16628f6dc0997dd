package org.twincore.drbd.engine.replay;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.random.RandomGenerator;

/// Draws the UUIDs that a captured node drew; all jitter is the middle of its range.
final class ScriptedRandom implements RandomGenerator {
  private final Deque<Long> uuids = new ArrayDeque<>();

  ScriptedRandom(long... uuids) {
    for (long uuid : uuids) {
      this.uuids.add(uuid);
    }
  }

  int uuidsLeft() {
    return uuids.size();
  }

  @Override
  public long nextLong() {
    if (uuids.isEmpty()) {
      throw new AssertionError("a UUID is drawn that the captured node did not draw");
    }
    return uuids.remove();
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
