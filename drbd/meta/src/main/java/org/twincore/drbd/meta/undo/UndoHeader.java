package org.twincore.drbd.meta.undo;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.twincore.drbd.GenerationUuids;

/// The first 4096 bytes of an undo file: whose blocks it holds, from when, and why.
///
/// | offset | size | name | meaning (big endian) |
/// |---|---|---|---|
/// | 0 | 8 | magic | `TWINUNDO` |
/// | 8 | 4 | version | 1 |
/// | 12 | 4 | crc | CRC32C of bytes 16 to 4095 |
/// | 16 | 8 | file id | chance; stands in each record |
/// | 24 | 8 | created | milliseconds since 1970 |
/// | 32 | 8 | size | sectors of the device in that moment |
/// | 40 | 8 | device UUID | of the metadata of the disk |
/// | 48 | 32 | own UUIDs | C, B, H0, H1 before the resync |
/// | 80 | 32 | peer's UUIDs | the same of the peer |
/// | 112 | 4 | volume | its number |
/// | 116 | | texts | resource, node, peer, reason: u16 length, then UTF-8 |
///
/// The rest is zero.
public record UndoHeader(
    long fileId,
    long createdMillis,
    long sizeSectors,
    long deviceUuid,
    GenerationUuids own,
    GenerationUuids peer,
    int volume,
    String resource,
    String node,
    String peerNode,
    String reason) {

  public static final int SIZE_BYTES = 4096;
  static final int VERSION = 1;
  private static final long MAGIC = 0x5457494E554E444FL;
  private static final int TEXT_BYTES_MAX = 512;
  private static final int CHECKED_FROM = 16;

  public byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(SIZE_BYTES);
    out.putLong(MAGIC).putInt(VERSION).putInt(0);
    out.putLong(fileId).putLong(createdMillis).putLong(sizeSectors).putLong(deviceUuid);
    put(out, own);
    put(out, peer);
    out.putInt(volume);
    for (String text : new String[] {resource, node, peerNode, reason}) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int length = Math.min(bytes.length, TEXT_BYTES_MAX);
      out.putShort((short) length).put(bytes, 0, length);
    }
    out.putInt(CHECKED_FROM - 4, crc(out.array()));
    return out.array();
  }

  private static void put(ByteBuffer out, GenerationUuids uuids) {
    out.putLong(uuids.current()).putLong(uuids.bitmap());
    out.putLong(uuids.history0()).putLong(uuids.history1());
  }

  private static int crc(byte[] block) {
    CRC32C crc = new CRC32C();
    crc.update(block, CHECKED_FROM, SIZE_BYTES - CHECKED_FROM);
    return (int) crc.getValue();
  }

  /// Reads one; `block` has [#SIZE_BYTES].
  public static UndoHeader decode(byte[] block) throws UndoFormatException {
    ByteBuffer in = ByteBuffer.wrap(block);
    if (block.length != SIZE_BYTES || in.getLong() != MAGIC) {
      throw new UndoFormatException("no undo file: it does not begin with TWINUNDO");
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw new UndoFormatException("undo file of version " + version + ", 1 expected");
    }
    if (in.getInt() != crc(block)) {
      throw new UndoFormatException("the header's checksum does not match");
    }
    long fileId = in.getLong();
    long created = in.getLong();
    long sectors = in.getLong();
    long deviceUuid = in.getLong();
    GenerationUuids own = uuids(in);
    GenerationUuids peer = uuids(in);
    int volume = in.getInt();
    return new UndoHeader(
        fileId,
        created,
        sectors,
        deviceUuid,
        own,
        peer,
        volume,
        text(in),
        text(in),
        text(in),
        text(in));
  }

  private static GenerationUuids uuids(ByteBuffer in) {
    return new GenerationUuids(in.getLong(), in.getLong(), in.getLong(), in.getLong());
  }

  private static String text(ByteBuffer in) throws UndoFormatException {
    int length = in.getShort();
    if (length < 0 || length > TEXT_BYTES_MAX || length > in.remaining()) {
      throw new UndoFormatException("a text of " + length + " bytes in the header");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
