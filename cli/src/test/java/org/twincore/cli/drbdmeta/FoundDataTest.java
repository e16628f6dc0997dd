package org.twincore.cli.drbdmeta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// create-md on a 64 MiB disk that begins with somebody's data; hand-made signatures.
class FoundDataTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path folder;

  private Path disk(int offset, byte[] bytes) throws IOException {
    Path path = folder.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(0);
      file.setLength(64 * MIB);
      file.seek(offset);
      file.write(bytes);
    }
    return path;
  }

  private static byte[] little(int length, int... offsetsAndInts) {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < offsetsAndInts.length; i += 2) {
      bytes.putInt(offsetsAndInts[i], offsetsAndInts[i + 1]);
    }
    return bytes.array();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void refused(Path disk, String what) {
    ToolRun run = ToolRun.on(disk, "internal", "yes\n", "create-md", "--force");
    assertThat(run.exitCode()).isEqualTo(40);
    assertThat(run.out()).contains("Found " + what + "\n").contains("Operation refused.\n");
    assertThat(ToolRun.internal(disk, "get-gi").exitCode()).isEqualTo(1);
  }

  private static void asked(Path disk, String what) {
    ToolRun run = ToolRun.internal(disk, "create-md");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).contains("Found " + what + "\n").endsWith("Operation canceled.\n");
    assertThat(ToolRun.on(disk, "internal", "yes\n", "create-md").exitCode()).isZero();
  }

  /// ext: 1 KiB blocks, s_blocks_count at 4, magic 0xef53 at 56.
  private Path ext(int kib) throws IOException {
    return disk(1024, little(1024, 4, kib, 56, 0xef53));
  }

  @Test
  void fileSystemThatWouldBeCutOffIsRefusedWhateverIsForced() throws Exception {
    refused(ext(64 * 1024), "ext3 filesystem");
    assertThat(ToolRun.internal(ext(64 * 1024), "create-md").out())
        .contains("       65536 kB data area apparently used\n")
        .contains("       65496 kB left usable by current configuration\n");
  }

  @Test
  void smallerFileSystemIsAskedAbout() throws Exception {
    asked(ext(65496), "ext3 filesystem");
    refused(ext(65497), "ext3 filesystem");
  }

  @Test
  void contentOfUnknownSizeIsRefused() throws Exception {
    refused(disk(4086, text("SWAPSPACE2")), "swap space signature");
    refused(disk(512, text("LABELONE________________LVM2 001")), "LVM2 physical volume signature");
    refused(disk(0, text("LUKS")), "LUKS signature");
    refused(disk(65536, new byte[] {1, 0x16, 0x19, 0x70}), "gfs2 filesystem");
  }

  @Test
  void otherFileSystemsSayTheirSize() throws Exception {
    byte[] xfs = ByteBuffer.allocate(16).put(text("XFSB")).putInt(4096).putLong(16384).array();
    refused(disk(0, xfs), "xfs filesystem");
    byte[] btrfs = little(128, 112, 32 * MIB);
    System.arraycopy(text("_BHRfS_M"), 0, btrfs, 64, 8);
    asked(disk(65536, btrfs), "btrfs filesystem");
  }

  @Test
  void unknownBytesAreAskedAbout() throws Exception {
    asked(disk(60_000, new byte[] {1}), "some data");
    assertThat(ToolRun.internal(disk(80_000, new byte[] {1}), "create-md").exitCode()).isZero();
  }

  @Test
  void metadataDeviceOfItsOwnIsLookedAtToo() throws Exception {
    ToolRun run = ToolRun.on(ext(1024), "flex-external", "yes\n", "create-md", "--force");
    assertThat(run.exitCode()).isEqualTo(40);
    assertThat(
            ToolRun.on(ext(1024), "flex-external", "", "create-md", "--ignore-sanity-checks")
                .exitCode())
        .isZero();
  }
}
