package org.twincore.drbd.meta.undo;

import java.io.ByteArrayOutputStream;
import org.twincore.drbd.Extent;

/// Makes the bytes of a batch of records: one write, then one flush.
///
/// Blocks of zeroes take a head only.
public final class UndoWriter {
  private static final int BLOCK_BYTES = 4096;

  private final long fileId;
  private final long durableBytes;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /// A batch for the file of that id, of which so many bytes are durable.
  public UndoWriter(long fileId, long durableBytes) {
    this.fileId = fileId;
    this.durableBytes = durableBytes;
  }

  /// Adds what `extent` held: as many bytes of `data` from `from` on.
  public UndoWriter blocks(Extent extent, byte[] data, int from) {
    int length = Math.toIntExact(extent.sizeBytes());
    for (int at = 0; at < length; ) {
      boolean zeroes = isZero(data, from + at, Math.min(BLOCK_BYTES, length - at));
      int end = at;
      while (end < length
          && isZero(data, from + end, Math.min(BLOCK_BYTES, length - end)) == zeroes) {
        end = Math.min(length, end + BLOCK_BYTES);
      }
      Extent run = new Extent(extent.sector() + at / Extent.SECTOR_BYTES, end - at);
      record(zeroes ? UndoRecord.Kind.ZEROES : UndoRecord.Kind.BLOCKS, run, data, from + at);
      at = end;
    }
    return this;
  }

  private void record(UndoRecord.Kind kind, Extent run, byte[] data, int from) {
    int dataBytes = kind == UndoRecord.Kind.BLOCKS ? (int) run.sizeBytes() : 0;
    head(kind, run.sector(), run.sizeBytes(), dataBytes, UndoRecord.crc(data, from, dataBytes));
    out.write(data, from, dataBytes);
  }

  private void head(UndoRecord.Kind kind, long place, long sizeBytes, int dataBytes, int crc) {
    byte[] head =
        new UndoRecord(kind, fileId, place, sizeBytes, durableBytes, dataBytes, crc).encode();
    out.write(head, 0, head.length);
  }

  /// Nothing is saved behind this; `complete` if all was that had to be.
  public UndoWriter end(boolean complete, long nowMillis) {
    UndoRecord.Kind kind = complete ? UndoRecord.Kind.COMPLETE : UndoRecord.Kind.STOPPED;
    head(kind, nowMillis, 0, 0, UndoRecord.crc(new byte[0], 0, 0));
    return this;
  }

  private static boolean isZero(byte[] data, int from, int length) {
    for (int at = from; at < from + length; at++) {
      if (data[at] != 0) {
        return false;
      }
    }
    return true;
  }

  /// The batch.
  public byte[] bytes() {
    return out.toByteArray();
  }
}
