package org.twincore.drbd.meta.undo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.meta.MetadataStore;

/// The undo file (docs/undo.md): what is written is read, a torn tail is told from damage.
class UndoContentsTest {
  private static final int BLOCK = 4096;
  private static final UndoHeader HEADER =
      new UndoHeader(
          77,
          1_700_000_000_000L,
          4096,
          0x1234,
          new GenerationUuids(1, 2, 3, 4),
          new GenerationUuids(5, 6, 7, 8),
          3,
          "r0",
          "alpha",
          "bravo",
          "discard-my-data");

  /// A file in memory.
  private record Bytes(byte[] all) implements MetadataStore {
    @Override
    public void read(long offsetBytes, byte[] into) {
      System.arraycopy(all, (int) offsetBytes, into, 0, into.length);
    }

    @Override
    public void write(long offsetBytes, byte[] from) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void force() {}

    @Override
    public long sizeBytes() {
      return all.length;
    }
  }

  private static byte[] data(int blocks, int first) {
    byte[] bytes = new byte[blocks * BLOCK];
    for (int block = 0; block < blocks; block++) {
      Arrays.fill(bytes, block * BLOCK, (block + 1) * BLOCK, (byte) (first + block));
    }
    return bytes;
  }

  /// Header, blocks 2 to 4, then blocks 10 to 12 of which 11 is zeroes, in two batches.
  private static byte[] file() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HEADER.encode());
    out.writeBytes(
        new UndoWriter(77, out.size()).blocks(new Extent(16, 3 * BLOCK), data(3, 2), 0).bytes());
    byte[] holed = data(3, 10);
    Arrays.fill(holed, BLOCK, 2 * BLOCK, (byte) 0);
    out.writeBytes(
        new UndoWriter(77, out.size()).blocks(new Extent(80, 3 * BLOCK), holed, 0).bytes());
    return out.toByteArray();
  }

  private static UndoContents read(byte[] bytes) throws Exception {
    return UndoContents.read(new Bytes(bytes));
  }

  @Test
  void readsWhatWasWritten() throws Exception {
    UndoContents contents = read(file());
    assertThat(contents.header()).isEqualTo(HEADER);
    assertThat(contents.end()).isEqualTo(UndoContents.End.OPEN);
    assertThat(contents.blocks()).isEqualTo(6);
    assertThat(contents.saved().hasAll(2, 5)).isTrue();
    assertThat(contents.saved().has(5)).isFalse();
    assertThat(contents.extents())
        .containsExactly(
            new Extent(16, 3 * BLOCK),
            new Extent(80, BLOCK),
            new Extent(88, BLOCK),
            new Extent(96, BLOCK));
    assertThat(contents.soundBytes()).isEqualTo(file().length);
    // Zeroes take a head only.
    assertThat(file()).hasSize(BLOCK + 4 * 64 + 5 * BLOCK);
  }

  /// Only what is saved changes; a piece that begins before the range counts too.
  @Test
  void laysWhatIsSavedOver() throws Exception {
    UndoContents contents = read(file());
    byte[] disk = new byte[9 * BLOCK];
    Arrays.fill(disk, (byte) 99);
    assertThat(contents.lay(24, disk)).isEqualTo(4L * BLOCK);
    for (int block = 3; block < 12; block++) {
      int expected =
          switch (block) {
            case 3 -> 3;
            case 4 -> 4;
            case 10 -> 10;
            case 11 -> 0;
            default -> 99;
          };
      assertThat(disk[(block - 3) * BLOCK]).as("block %d", block).isEqualTo((byte) expected);
      assertThat(disk[(block - 2) * BLOCK - 1]).isEqualTo((byte) expected);
    }
  }

  @Test
  void saysHowItEnded() throws Exception {
    for (boolean complete : new boolean[] {true, false}) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(file());
      out.writeBytes(new UndoWriter(77, out.size()).end(complete, 1234).bytes());
      UndoContents contents = read(out.toByteArray());
      assertThat(contents.end())
          .isEqualTo(complete ? UndoContents.End.COMPLETE : UndoContents.End.STOPPED);
      assertThat(contents.endedMillis()).hasValue(1234);
    }
  }

  /// Whatever a crash leaves of the last batch: what was durable before counts, and nothing else.
  @Test
  void toleratesATornTail() throws Exception {
    byte[] whole = file();
    int second = BLOCK + 64 + 3 * BLOCK;
    for (int length = second; length < whole.length; length += 61) {
      UndoContents contents = read(Arrays.copyOf(whole, length));
      assertThat(contents.saved().hasAll(2, 5)).isTrue();
      assertThat(contents.damagedAt()).isEmpty();
      assertThat(contents.soundBytes()).isLessThanOrEqualTo(length);
    }
    // Its first record torn, the ones behind it whole: they are of the same batch.
    byte[] torn = whole.clone();
    torn[second + 100] ^= 1;
    UndoContents contents = read(torn);
    assertThat(contents.soundBytes()).isEqualTo(second);
    assertThat(contents.damagedAt()).isEmpty();
    assertThat(contents.blocks()).isEqualTo(3);
  }

  /// A bad byte in what was durable when the rest was written is no torn tail.
  @Test
  void knowsDamage() throws Exception {
    byte[] bad = file();
    bad[BLOCK + 500] ^= 1;
    assertThat(read(bad).damagedAt()).hasValue(BLOCK);
  }

  @Test
  void refusesWhatIsNoUndoFile() {
    assertThatThrownBy(() -> read(new byte[8192])).hasMessageContaining("TWINUNDO");
    assertThatThrownBy(() -> read(new byte[100])).hasMessageContaining("shorter");
    byte[] later = file();
    later[11] = 2;
    assertThatThrownBy(() -> read(later)).hasMessageContaining("version 2");
    byte[] bad = file();
    bad[200] ^= 1;
    assertThatThrownBy(() -> read(bad)).hasMessageContaining("checksum");
  }

  /// Records of another file with the same name before it do not count.
  @Test
  void ignoresRecordsOfOthers() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HEADER.encode());
    out.writeBytes(new UndoWriter(78, 0).blocks(new Extent(16, BLOCK), data(1, 2), 0).bytes());
    assertThat(read(out.toByteArray()).blocks()).isZero();
  }
}
