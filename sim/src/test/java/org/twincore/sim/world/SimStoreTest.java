package org.twincore.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.Prng;

class SimStoreTest {
  private final SimStore store = new SimStore(1 << 20);
  private final Prng random = new Prng(1);

  private void write(long offsetBytes, int length, int value, boolean durable) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    store.write(offsetBytes, bytes, 0, length, durable);
  }

  private int at(long offsetBytes) {
    return store.read(offsetBytes, 1)[0];
  }

  @Test
  void losesWhatWasNotFlushedAndKeepsWhatWas() {
    write(0, 4096, 1, false);
    long mark = store.mark();
    write(0, 4096, 2, false);
    write(8192, 4096, 3, true);
    store.flush(mark);
    assertEquals(2, at(0));
    store.powerCut(random, SimStore.Keep.NOTHING, 256);
    assertEquals(1, at(0));
    assertEquals(3, at(8192));
  }

  @Test
  void aPowerCutLeavesAnyContentSinceTheLastFlushButNoMixture() {
    TreeSet<Integer> seen = new TreeSet<>();
    for (int round = 0; round < 60; round++) {
      write(0, 4096, 0, true);
      write(0, 4096, 1, false);
      write(512, 3584, 2, false);
      store.powerCut(random, SimStore.Keep.ANYTHING, 256);
      seen.add(at(0) * 10 + at(512));
    }
    assertEquals(new TreeSet<>(java.util.List.of(0, 11, 12)), seen);
  }

  @Test
  void metadataTearsAtSectors() {
    TreeSet<Integer> seen = new TreeSet<>();
    for (int round = 0; round < 60; round++) {
      write(0, 4096, 0, true);
      write(0, 4096, 1, false);
      store.powerCut(random, SimStore.Keep.ANYTHING, 0);
      seen.add(at(0) * 10 + at(512));
    }
    assertEquals(new TreeSet<>(java.util.List.of(0, 1, 10, 11)), seen);
  }

  @Test
  void partsOfBlocksAreWrittenAndZeroed() {
    write(100, 5000, 7, false);
    assertEquals(0, at(99));
    assertEquals(7, at(100));
    assertEquals(7, at(5099));
    assertEquals(0, at(5100));
    store.zero(512, 4096);
    assertEquals(7, at(511));
    assertEquals(0, at(512));
    assertEquals(0, at(4607));
    assertEquals(7, at(4608));
    assertEquals(2, store.takeTouched().cardinality());
    assertTrue(store.takeTouched().isEmpty());
  }
}
