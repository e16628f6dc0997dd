package org.twincore.drbd.engine.activity;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// Replays a ring of activity log blocks as `drbdmeta apply-al` does: a second reading of the
/// format, written from the specification for these tests only.
final class RingReader {
  private RingReader() {}

  /// The extents that a crash would mark, from the blocks with a correct checksum.
  static TreeSet<Long> activeExtents(byte[][] ring) {
    List<ByteBuffer> valid = new ArrayList<>();
    for (byte[] block : ring) {
      if (isValid(block)) {
        valid.add(ByteBuffer.wrap(block));
      }
    }
    valid.sort(Comparator.comparingInt(block -> block.getInt(4)));
    Map<Integer, Integer> slots = new TreeMap<>();
    for (ByteBuffer block : valid) {
      int size = block.getShort(16) & 0xffff;
      int start = block.getShort(18) & 0xffff;
      for (int i = 0; i < 919 && start + i < size; i++) {
        slots.put(start + i, block.getInt(420 + 4 * i));
      }
      for (int i = 0; i < 64; i++) {
        int slot = block.getShort(36 + 2 * i) & 0xffff;
        if (slot != 0xffff) {
          slots.put(slot, block.getInt(164 + 4 * i));
        }
      }
    }
    TreeSet<Long> extents = new TreeSet<>();
    for (int extent : slots.values()) {
      if (extent != -1) {
        extents.add(Integer.toUnsignedLong(extent));
      }
    }
    return extents;
  }

  private static boolean isValid(byte[] block) {
    ByteBuffer bytes = ByteBuffer.wrap(block.clone());
    int stored = bytes.getInt(8);
    bytes.putInt(8, 0);
    return bytes.getInt(0) == 0x69cb65a2 && stored == slowChecksum(bytes.array());
  }

  /// Bit by bit: reflected polynomial, initial value 0, no final inversion.
  static int slowChecksum(byte[] bytes) {
    int crc = 0;
    for (byte next : bytes) {
      crc ^= next & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82f63b78;
      }
    }
    return crc;
  }
}
