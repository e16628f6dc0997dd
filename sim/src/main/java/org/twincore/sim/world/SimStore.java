package org.twincore.sim.world;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The medium of one simulated drive: sparse 4 KiB blocks with a volatile cache in front.
///
/// A write is seen by reads at once and is stable after the next flush, or at once if it asked for
/// it. A power cut keeps for each block any one of the contents it had since it was last stable: of
/// a data block whole, of a metadata block for each sector of 512 bytes on its own (torn). Contents
/// are never changed in place: the arrays handed out by [#block] may be compared by reference.
public final class SimStore {
  public static final int BLOCK_BYTES = 4096;
  public static final int SECTOR_BYTES = 512;
  private static final byte[] ZERO = new byte[BLOCK_BYTES];

  private long sizeBytes;
  private byte[][] current;
  private byte[][] stable;
  private final BitSet touched = new BitSet();
  private final TreeMap<Long, List<Version>> unflushed = new TreeMap<>();
  private long serial;

  /// One content that a block had, and when.
  private record Version(long serial, byte[] bytes) {}

  /// Whether a power cut may tear blocks.
  public enum Tearing {
    WHOLE_BLOCKS,
    SECTORS
  }

  public SimStore(long sizeBytes) {
    this.sizeBytes = sizeBytes;
    int blocks = Math.toIntExact((sizeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    current = new byte[blocks][];
    stable = new byte[blocks][];
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /// More room at the end; it reads as zeroes.
  public void grow(long newSizeBytes) {
    if (newSizeBytes < sizeBytes) {
      throw new IllegalArgumentException(sizeBytes + " bytes cannot become " + newSizeBytes);
    }
    int blocks = Math.toIntExact((newSizeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    sizeBytes = newSizeBytes;
    current = Arrays.copyOf(current, blocks);
    stable = Arrays.copyOf(stable, blocks);
  }

  /// What a read of the whole block gives now; not to be changed.
  public byte[] block(long block) {
    return orZero(current[(int) block]);
  }

  /// What the block would have after a power cut that loses everything volatile; not to be changed.
  public byte[] stableBlock(long block) {
    return orZero(stable[(int) block]);
  }

  private static byte[] orZero(byte @Nullable [] bytes) {
    return bytes == null ? ZERO : bytes;
  }

  /// The contents that a power cut now could leave in the block, oldest first.
  public List<byte[]> possibleBlocks(long block) {
    List<byte[]> possible = new ArrayList<>();
    possible.add(stableBlock(block));
    for (Version version : unflushed.getOrDefault(block, List.of())) {
      possible.add(version.bytes);
    }
    return possible;
  }

  /// Numbers of the blocks whose content changed since the last call; forgets them.
  public BitSet takeTouched() {
    BitSet taken = (BitSet) touched.clone();
    touched.clear();
    return taken;
  }

  public byte[] read(long offsetBytes, int lengthBytes) {
    checkRange(offsetBytes, lengthBytes);
    byte[] bytes = new byte[lengthBytes];
    for (int done = 0; done < lengthBytes; ) {
      long at = offsetBytes + done;
      int within = (int) (at % BLOCK_BYTES);
      int part = Math.min(BLOCK_BYTES - within, lengthBytes - done);
      System.arraycopy(block(at / BLOCK_BYTES), within, bytes, done, part);
      done += part;
    }
    return bytes;
  }

  /// Writes; if `durable` the blocks touched are stable at once, as they are then.
  public void write(long offsetBytes, byte[] bytes, int from, int lengthBytes, boolean durable) {
    checkRange(offsetBytes, lengthBytes);
    for (int done = 0; done < lengthBytes; ) {
      long at = offsetBytes + done;
      int within = (int) (at % BLOCK_BYTES);
      int part = Math.min(BLOCK_BYTES - within, lengthBytes - done);
      byte[] next = block(at / BLOCK_BYTES).clone();
      System.arraycopy(bytes, from + done, next, within, part);
      put(at / BLOCK_BYTES, next, durable);
      done += part;
    }
  }

  /// The range reads as zeroes from now on.
  public void zero(long offsetBytes, long lengthBytes) {
    checkRange(offsetBytes, lengthBytes);
    long end = offsetBytes + lengthBytes;
    for (long block = offsetBytes / BLOCK_BYTES; block * BLOCK_BYTES < end; block++) {
      byte[] before = block(block);
      if (before == ZERO) {
        continue;
      }
      int from = (int) Math.max(0, offsetBytes - block * BLOCK_BYTES);
      int to = (int) Math.min(BLOCK_BYTES, end - block * BLOCK_BYTES);
      byte[] next = before.clone();
      Arrays.fill(next, from, to, (byte) 0);
      put(block, next, false);
    }
  }

  private void put(long block, byte[] written, boolean durable) {
    byte[] next = Arrays.equals(written, ZERO) ? ZERO : written;
    current[(int) block] = next;
    touched.set((int) block);
    if (durable) {
      stable[(int) block] = next;
      unflushed.remove(block);
    } else {
      unflushed.computeIfAbsent(block, _ -> new ArrayList<>()).add(new Version(++serial, next));
    }
  }

  private void checkRange(long offsetBytes, long lengthBytes) {
    if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > sizeBytes - lengthBytes) {
      throw new IndexOutOfBoundsException(
          "bytes " + offsetBytes + "+" + lengthBytes + " of a drive of " + sizeBytes);
    }
  }

  /// Names everything written so far, for [#flush].
  public long mark() {
    return serial;
  }

  /// Everything written before `mark` was taken is stable.
  public void flush(long mark) {
    unflushed
        .entrySet()
        .removeIf(entry -> {
          List<Version> versions = entry.getValue();
          while (!versions.isEmpty() && versions.getFirst().serial <= mark) {
            stable[entry.getKey().intValue()] = versions.removeFirst().bytes;
          }
          return versions.isEmpty();
        });
  }

  /// The power fails: what was volatile is lost or not, as `random` and `keep` say.
  public void powerCut(RandomGenerator random, Keep keep, long dataBlocks) {
    for (var entry : unflushed.entrySet()) {
      long block = entry.getKey();
      Tearing tearing = block < dataBlocks ? Tearing.WHOLE_BLOCKS : Tearing.SECTORS;
      byte[] left = survivor(random, keep, possibleBlocks(block), tearing);
      stable[(int) block] = left;
      current[(int) block] = left;
      touched.set((int) block);
    }
    unflushed.clear();
  }

  /// How much of the volatile cache a power cut spares.
  public enum Keep {
    NOTHING,
    ANYTHING,
    EVERYTHING
  }

  private static byte[] survivor(
      RandomGenerator random, Keep keep, List<byte[]> possible, Tearing tearing) {
    return switch (keep) {
      case NOTHING -> possible.getFirst();
      case EVERYTHING -> possible.getLast();
      case ANYTHING ->
          switch (tearing) {
            case WHOLE_BLOCKS -> possible.get(random.nextInt(possible.size()));
            case SECTORS -> torn(random, possible);
          };
    };
  }

  private static byte[] torn(RandomGenerator random, List<byte[]> possible) {
    byte[] left = new byte[BLOCK_BYTES];
    for (int at = 0; at < BLOCK_BYTES; at += SECTOR_BYTES) {
      byte[] chosen = possible.get(random.nextInt(possible.size()));
      System.arraycopy(chosen, at, left, at, SECTOR_BYTES);
    }
    return left;
  }
}
