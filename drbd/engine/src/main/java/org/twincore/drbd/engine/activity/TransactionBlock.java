package org.twincore.drbd.engine.activity;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;
import org.twincore.drbd.engine.activity.ActivityLog.Update;

/// The 4096 bytes of one transaction (drbd-metadata section 3; the reader stands in `drbd.meta`).
final class TransactionBlock {
  static final int SIZE_BYTES = 4096;
  private static final int MAGIC = 0x69cb65a2;
  private static final int CRC_OFFSET = 8;
  private static final int UPDATE_SLOTS_OFFSET = 36;
  private static final int UPDATE_EXTENTS_OFFSET = 164;
  private static final int CONTEXT_OFFSET = 420;
  private static final int NO_SLOT = 0xffff;
  private static final int NO_EXTENT = 0xffffffff;

  private TransactionBlock() {}

  /// The slots from `contextStart` on as they were before the updates.
  record Context(int slots, int start, long[] extents) {}

  static byte[] encode(long number, List<Update> updates, Context context) {
    ByteBuffer out = ByteBuffer.allocate(SIZE_BYTES);
    out.putInt(MAGIC).putInt((int) number).putInt(0);
    out.putShort((short) 0).putShort((short) updates.size());
    out.putShort((short) context.slots).putShort((short) context.start);
    for (int i = 0; i < ActivityLog.UPDATES_MAX; i++) {
      boolean filled = i < updates.size();
      int slot = filled ? updates.get(i).slot() : NO_SLOT;
      int extent = filled ? (int) updates.get(i).extent() : NO_EXTENT;
      out.putShort(UPDATE_SLOTS_OFFSET + i * Short.BYTES, (short) slot);
      out.putInt(UPDATE_EXTENTS_OFFSET + i * Integer.BYTES, extent);
    }
    for (int i = 0; i < ActivityLog.CONTEXT_SLOTS; i++) {
      int extent = i < context.extents.length ? (int) context.extents[i] : NO_EXTENT;
      out.putInt(CONTEXT_OFFSET + i * Integer.BYTES, extent);
    }
    out.putInt(CRC_OFFSET, checksum(out.array()));
    return out.array();
  }

  /// CRC-32C with initial value 0 and no final inversion. The CRC is affine, so the JDK's value for
  /// these bytes and its value for as many zeroes differ by exactly that.
  static int checksum(byte[] bytes) {
    return (int) (standard(bytes) ^ standard(new byte[bytes.length]));
  }

  private static long standard(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return crc.getValue();
  }
}
