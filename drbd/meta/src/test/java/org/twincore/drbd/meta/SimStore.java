package org.twincore.drbd.meta;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPInputStream;

/// A sparse metadata device in memory. Writes since the last force can be lost, in 512-byte parts.
final class SimStore implements MetadataStore {
  private static final int SECTOR = 512;

  private final long sizeBytes;
  private final TreeMap<Long, byte[]> sectors = new TreeMap<>();
  private final List<Long> unforced = new ArrayList<>();
  private final List<byte[]> before = new ArrayList<>();
  private int writesUntilCrash = Integer.MAX_VALUE;

  SimStore(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  /// A device of that size whose last bytes are a captured area.
  static SimStore withTail(long sizeBytes, String resource) throws IOException {
    SimStore store = new SimStore(sizeBytes);
    byte[] tail = resource(resource);
    store.write((sizeBytes & -4096) - tail.length, tail);
    store.force();
    return store;
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream in = SimStore.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name);
      }
      return new GZIPInputStream(in).readAllBytes();
    }
  }

  /// The write after `writes` more fails, as if the power had gone.
  void crashAfter(int writes) {
    writesUntilCrash = writes;
  }

  /// Undoes any of the writes since the last force, and lets writes through again.
  void powerUp(RandomGenerator random) {
    writesUntilCrash = Integer.MAX_VALUE;
    for (int i = unforced.size() - 1; i >= 0; i--) {
      if (random.nextBoolean()) {
        sectors.put(unforced.get(i), before.get(i));
      }
    }
    force();
  }

  @Override
  public void read(long offsetBytes, byte[] into) throws IOException {
    check(offsetBytes, into.length);
    for (int at = 0; at < into.length; at += SECTOR) {
      byte[] sector = sectors.getOrDefault(offsetBytes + at, new byte[SECTOR]);
      System.arraycopy(sector, 0, into, at, SECTOR);
    }
  }

  byte[] read(long offsetBytes, int length) throws IOException {
    byte[] bytes = new byte[length];
    read(offsetBytes, bytes);
    return bytes;
  }

  @Override
  public void write(long offsetBytes, byte[] from) throws IOException {
    check(offsetBytes, from.length);
    if (writesUntilCrash-- == 0) {
      throw new IOException("power cut");
    }
    for (int at = 0; at < from.length; at += SECTOR) {
      unforced.add(offsetBytes + at);
      before.add(sectors.getOrDefault(offsetBytes + at, new byte[SECTOR]));
      sectors.put(offsetBytes + at, Arrays.copyOfRange(from, at, at + SECTOR));
    }
  }

  @Override
  public void force() {
    unforced.clear();
    before.clear();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  private void check(long offsetBytes, int length) throws IOException {
    if (offsetBytes < 0 || offsetBytes % SECTOR != 0 || length % SECTOR != 0) {
      throw new IOException("unaligned: " + offsetBytes + "+" + length);
    }
    if (offsetBytes + length > sizeBytes) {
      throw new IOException("behind the end: " + offsetBytes + "+" + length);
    }
  }
}
