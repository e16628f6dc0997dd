package org.twincore.drbd.meta;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// One 4096-byte block of the activity log's ring (drbd-metadata section 3, `struct
/// al_transaction_on_disk`); integers big-endian.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic 0x69cb65a2 |
/// | 4 | 4 | tr_number |
/// | 8 | 4 | crc32c of the block with this field zero; initial value 0, not inverted |
/// | 12 | 2 | type: 0 update, 0xffff initialised |
/// | 14 | 2 | n_updates, 0 to 64 |
/// | 16 | 2 | context_size: slots of the active set |
/// | 18 | 2 | context_start_slot_nr |
/// | 20 | 16 | reserved, 0 |
/// | 36 | 128 | update_slot_nr[64], 0xffff unused |
/// | 164 | 256 | update_extent_nr[64], 0xffffffff unused |
/// | 420 | 3676 | context[919], 0xffffffff free |
public sealed interface ActivityLogBlock {
  int SIZE_BYTES = 4096;
  int UPDATES_MAX = 64;
  int CONTEXT_SLOTS = 919;

  /// No extent: an unused update, a free slot.
  long NO_EXTENT = 0xffffffffL;

  int MAGIC = 0x69cb65a2;
  int NO_SLOT = 0xffff;
  int TYPE_UPDATE = 0;
  int TYPE_INITIALISED = 0xffff;
  int CRC_OFFSET = 8;
  int UPDATE_SLOTS_OFFSET = 36;
  int UPDATE_EXTENTS_OFFSET = 164;
  int CONTEXT_OFFSET = 420;

  /// A block of a log in which nothing was written since create-md or apply-al.
  record Initialised() implements ActivityLogBlock {}

  /// Slot `slot` of the active set holds `extent` from this transaction on.
  record Update(int slot, long extent) {}

  /// A transaction: the slots from `contextStart` on as they stood before the updates.
  ///
  /// `number` is a u32 that wraps; `context` has at most [#CONTEXT_SLOTS] entries.
  record Transaction(
      int number, int slots, int contextStart, List<Long> context, List<Update> updates)
      implements ActivityLogBlock {
    public Transaction {
      context = List.copyOf(context);
      updates = List.copyOf(updates);
    }
  }

  /// Anything else: torn, overwritten, never initialised.
  record Corrupt(String reason) implements ActivityLogBlock {}

  /// Reads one block; never fails.
  static ActivityLogBlock decode(byte[] block) {
    ByteBuffer in = ByteBuffer.wrap(block);
    if (in.getInt(0) != MAGIC) {
      return new Corrupt("magic 0x%08x".formatted(in.getInt(0)));
    }
    int stored = in.getInt(CRC_OFFSET);
    int computed = checksumOf(block);
    if (stored != computed) {
      return new Corrupt("checksum 0x%08x, computed 0x%08x".formatted(stored, computed));
    }
    int type = u16(in, 12);
    return switch (type) {
      case TYPE_INITIALISED -> new Initialised();
      case TYPE_UPDATE -> transaction(in);
      default -> new Corrupt("transaction type 0x%04x".formatted(type));
    };
  }

  private static Transaction transaction(ByteBuffer in) {
    List<Long> context = new ArrayList<>();
    for (int i = 0; i < CONTEXT_SLOTS; i++) {
      context.add(u32(in, CONTEXT_OFFSET + i * Integer.BYTES));
    }
    List<Update> updates = new ArrayList<>();
    for (int i = 0; i < UPDATES_MAX; i++) {
      int slot = u16(in, UPDATE_SLOTS_OFFSET + i * Short.BYTES);
      if (slot != NO_SLOT) {
        updates.add(new Update(slot, u32(in, UPDATE_EXTENTS_OFFSET + i * Integer.BYTES)));
      }
    }
    return new Transaction(in.getInt(4), u16(in, 16), u16(in, 18), context, updates);
  }

  /// The block as create-md and apply-al write it; a fresh array.
  static byte[] initialised() {
    ByteBuffer out = ByteBuffer.allocate(SIZE_BYTES).putInt(MAGIC);
    out.putShort(12, (short) TYPE_INITIALISED);
    out.putInt(CRC_OFFSET, checksumOf(out.array()));
    return out.array();
  }

  /// A transaction as it stands on disk; a fresh array.
  static byte[] encode(Transaction transaction) {
    ByteBuffer out = ByteBuffer.allocate(SIZE_BYTES);
    List<Update> updates = transaction.updates;
    out.putInt(MAGIC).putInt(transaction.number).putInt(0);
    out.putShort((short) TYPE_UPDATE).putShort((short) updates.size());
    out.putShort((short) transaction.slots).putShort((short) transaction.contextStart);
    for (int i = 0; i < UPDATES_MAX; i++) {
      Update update = i < updates.size() ? updates.get(i) : new Update(NO_SLOT, NO_EXTENT);
      out.putShort(UPDATE_SLOTS_OFFSET + i * Short.BYTES, (short) update.slot);
      out.putInt(UPDATE_EXTENTS_OFFSET + i * Integer.BYTES, (int) update.extent);
    }
    for (int i = 0; i < CONTEXT_SLOTS; i++) {
      long extent = i < transaction.context.size() ? transaction.context.get(i) : NO_EXTENT;
      out.putInt(CONTEXT_OFFSET + i * Integer.BYTES, (int) extent);
    }
    out.putInt(CRC_OFFSET, checksumOf(out.array()));
    return out.array();
  }

  /// The checksum of a block, whatever stands in its checksum field.
  private static int checksumOf(byte[] block) {
    byte[] zeroed = block.clone();
    ByteBuffer.wrap(zeroed).putInt(CRC_OFFSET, 0);
    return checksum(zeroed);
  }

  /// CRC-32C with initial value 0 and no final inversion. The CRC is affine: the usual value of
  /// these bytes and the usual value of as many zeroes differ by exactly that.
  static int checksum(byte[] bytes) {
    return (int) (standard(bytes) ^ standard(new byte[bytes.length]));
  }

  private static long standard(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return crc.getValue();
  }

  private static int u16(ByteBuffer in, int offset) {
    return Short.toUnsignedInt(in.getShort(offset));
  }

  private static long u32(ByteBuffer in, int offset) {
    return Integer.toUnsignedLong(in.getInt(offset));
  }
}
