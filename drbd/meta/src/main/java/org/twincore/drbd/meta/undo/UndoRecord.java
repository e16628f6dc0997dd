package org.twincore.drbd.meta.undo;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.twincore.drbd.Extent;

/// The head of one record of an undo file; what is saved of the disk follows it.
///
/// | offset | size | name | meaning (big endian) |
/// |---|---|---|---|
/// | 0 | 4 | magic | `UREC` |
/// | 4 | 4 | kind | 1 blocks, 2 zeroes (no data follows), 3 complete, 4 stopped |
/// | 8 | 8 | file id | as in the header |
/// | 16 | 8 | sector | where the blocks are; of an end: when, milliseconds since 1970 |
/// | 24 | 8 | size | bytes that the record stands for |
/// | 32 | 8 | durable | so many bytes of the file were durable before this record was written |
/// | 40 | 4 | data | bytes that follow |
/// | 44 | 4 | data crc | CRC32C of these |
/// | 48 | 12 | | zero |
/// | 60 | 4 | crc | CRC32C of bytes 0 to 59 |
record UndoRecord(
    Kind kind,
    long fileId,
    long place,
    long sizeBytes,
    long durableBytes,
    int dataBytes,
    int dataCrc) {
  static final int HEAD_BYTES = 64;
  private static final int MAGIC = 0x55524543;
  private static final int DATA_BYTES_MAX = 64 << 20;
  private static final int CRC_AT = HEAD_BYTES - 4;

  enum Kind {
    BLOCKS(1),
    ZEROES(2),
    /// Nothing of what was to be saved is missing.
    COMPLETE(3),
    /// From here on blocks were overwritten that are not saved.
    STOPPED(4);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Optional<Kind> of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }

    boolean isEnd() {
      return this == COMPLETE || this == STOPPED;
    }
  }

  Extent extent() {
    return new Extent(place, sizeBytes);
  }

  /// With its data.
  long lengthBytes() {
    return HEAD_BYTES + (long) dataBytes;
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES);
    out.putInt(MAGIC).putInt(kind.code).putLong(fileId).putLong(place).putLong(sizeBytes);
    out.putLong(durableBytes).putInt(dataBytes).putInt(dataCrc);
    out.putInt(CRC_AT, crc(out.array(), 0, CRC_AT));
    return out.array();
  }

  static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /// The record whose head lies at `at`; empty if there is none of that file.
  static Optional<UndoRecord> decode(byte[] bytes, int at, long fileId) {
    ByteBuffer in = ByteBuffer.wrap(bytes, at, HEAD_BYTES);
    if (in.getInt() != MAGIC) {
      return Optional.empty();
    }
    Optional<Kind> kind = Kind.of(in.getInt());
    long id = in.getLong();
    long place = in.getLong();
    long size = in.getLong();
    long durable = in.getLong();
    int data = in.getInt();
    int dataCrc = in.getInt();
    boolean isSound =
        kind.isPresent()
            && id == fileId
            && place >= 0
            && size >= 0
            && size % Extent.SECTOR_BYTES == 0
            && data >= 0
            && data <= DATA_BYTES_MAX
            && (kind.get() != Kind.BLOCKS || data == size)
            && ByteBuffer.wrap(bytes).getInt(at + CRC_AT) == crc(bytes, at, CRC_AT);
    return isSound
        ? Optional.of(new UndoRecord(kind.get(), id, place, size, durable, data, dataCrc))
        : Optional.empty();
  }
}
