package org.twincore.cli.drbdmeta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.disk.DiskLock;

class DrbdmetaTest {
  private static final int MIB = 1 << 20;
  private static final String FRESH =
      "0000000000000004:0000000000000000:0000000000000000:0000000000000000";

  @TempDir private Path folder;
  private Path disk;

  @BeforeEach
  void makeDisk() throws IOException {
    disk = sparse("disk", 200L * MIB);
  }

  private Path sparse(String name, long bytes) throws IOException {
    Path path = folder.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return path;
  }

  private void poke(long offset, byte[] bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(offset);
      file.write(bytes);
    }
  }

  private void pokeInt(long offset, int value) throws IOException {
    poke(offset, ByteBuffer.allocate(4).putInt(value).array());
  }

  private long superblock() throws IOException {
    return Files.size(disk) - 4096;
  }

  @Test
  void createsMetadataAndShowsIt() {
    assertThat(ToolRun.internal(disk, "create-md"))
        .isEqualTo(
            new ToolRun(
                0,
                """
                initializing activity log
                Writing meta data...
                New drbd meta data block successfully created.
                """,
                "initializing bitmap (8 KB) to all zero\n"));
    assertThat(ToolRun.internal(disk, "get-gi").out()).isEqualTo(FRESH + ":0:0:0:0:0:0:0\n");
    assertThat(ToolRun.internal(disk, "dstate").out()).isEqualTo("Inconsistent\n");
    assertThat(ToolRun.internal(disk, "show-gi").out())
        .contains("\n" + FRESH + ":0:0:0:0:0:0:0\n" + " ".repeat(68) + "^ ^ ^ ^ ^ ^ ^\n")
        .contains("flags: Secondary, StandAlone, Inconsistent\nmeta-data: clean\nzero size");
  }

  @Test
  void existingMetadataIsOverwrittenOnlyOnTheWordYes() {
    ToolRun.internal(disk, "create-md");
    ToolRun.internal(disk, "write-dev-uuid", "ABC");
    ToolRun nobody = ToolRun.internal(disk, "create-md");
    assertThat(nobody.exitCode()).isEqualTo(1);
    assertThat(nobody.out()).isEqualTo("Operation cancelled.\n");
    assertThat(nobody.err())
        .startsWith(
            """
            You want me to create a v08 style flexible-size internal meta data block.
            There appears to be a v08 flexible-size internal meta data block
            already in place on %s at byte offset 209711104

            Do you really want to overwrite the existing meta-data?
            """
                .formatted(disk));
    assertThat(ToolRun.on(disk, "internal", "y\n", "create-md").exitCode()).isEqualTo(1);
    assertThat(ToolRun.internal(disk, "read-dev-uuid").out()).isEqualTo("0000000000000ABC\n");
    assertThat(ToolRun.on(disk, "internal", "yes\n", "create-md").exitCode()).isZero();
    assertThat(ToolRun.internal(disk, "read-dev-uuid").out()).isEqualTo("0000000000000000\n");
    assertThat(ToolRun.internal(disk, "create-md", "--force").err())
        .contains("*** confirmation forced via --force option ***");
  }

  @Test
  void diskThatANodeHoldsIsRefusedEvenWithForce() throws Exception {
    ToolRun.internal(disk, "create-md");
    try (DiskLock held = DiskLock.whole(disk)) {
      assertThat(held).isNotNull();
      for (String command : new String[] {"create-md", "wipe-md", "invalidate", "dump-md"}) {
        ToolRun run = ToolRun.internal(disk, command, "--force");
        assertThat(run.exitCode()).isEqualTo(20);
        assertThat(run.err()).contains("Device '7' is configured!");
      }
    }
    assertThat(ToolRun.internal(disk, "get-gi").exitCode()).isZero();
  }

  @Test
  void flagsAreSetOneByOneAndEmptyFieldsStay() {
    ToolRun.internal(disk, "create-md");
    assertThat(ToolRun.on(disk, "internal", "yes\n", "set-gi", "A:::B:1:1").out())
        .endsWith(
            "set GI to  000000000000000A:0000000000000000:0000000000000000:000000000000000B"
                + ":1:1:0:0:0:0:0\n");
    assertThat(ToolRun.internal(disk, "dstate").out()).isEqualTo("Consistent\n");
    assertThat(ToolRun.internal(disk, "set-gi", "1").out()).endsWith("Operation canceled.\n");
    ToolRun.internal(disk, "--force", "set-gi", ":::::::::1");
    assertThat(ToolRun.internal(disk, "dstate").out()).isEqualTo("UpToDate\n");
    assertThat(ToolRun.internal(disk, "outdate").exitCode()).isZero();
    assertThat(ToolRun.internal(disk, "dstate").out()).isEqualTo("Outdated\n");
    assertThat(ToolRun.internal(disk, "invalidate").exitCode()).isZero();
    assertThat(ToolRun.internal(disk, "outdate"))
        .isEqualTo(new ToolRun(5, "", "Device is inconsistent.\n"));
    assertThat(ToolRun.internal(disk, "get-gi").out()).endsWith(":0:0:0:0:1:1:0\n");
    assertThat(ToolRun.internal(disk, "set-gi", "1:2:3:4:5").exitCode()).isEqualTo(10);
    assertThat(ToolRun.internal(disk, "set-gi", "xyz").err()).contains("'xyz' is not a number.");
    assertThat(ToolRun.internal(disk, "set-gi").exitCode()).isEqualTo(10);
  }

  @Test
  void everythingButCreateAndWipeNeedsMetadata() {
    for (Command command : Command.values()) {
      switch (command) {
        case CREATE_MD, WIPE_MD, RESTORE_MD, VERIFY_DUMP -> {}
        default -> {
          ToolRun run = ToolRun.internal(disk, command.word(), "1");
          assertThat(run.exitCode()).as(command.word()).isEqualTo(1);
        }
      }
    }
    assertThat(ToolRun.internal(disk, "-v", "dump-md").err())
        .startsWith("v08 Magic number not found\nNo valid meta data found\n");
    assertThat(ToolRun.internal(disk, "wipe-md"))
        .isEqualTo(new ToolRun(0, "", "There appears to be no drbd meta data to wipe out?\n"));
  }

  @Test
  void uncleanMetadataIsDumpedOnlyByForce() throws Exception {
    ToolRun.internal(disk, "create-md");
    pokeInt(superblock() + 60, 0x8374026c);
    assertThat(ToolRun.internal(disk, "dump-md"))
        .isEqualTo(new ToolRun(1, "", "Found meta data is \"unclean\", please apply-al first\n"));
    assertThat(ToolRun.internal(disk, "dump-md", "--force").out())
        .contains("\nThis_is_an_unclean_meta_data_dump._Don't_trust_the_bitmap.\n");
    assertThat(ToolRun.internal(disk, "show-gi").out()).contains("meta-data: need apply-al\n");
    assertThat(ToolRun.internal(disk, "apply-al")).isEqualTo(new ToolRun(0, "", ""));
    assertThat(ToolRun.internal(disk, "dump-md").exitCode()).isZero();
  }

  @Test
  void crashedPrimaryWithoutALogFailsWithOne() throws Exception {
    ToolRun.internal(disk, "create-md");
    pokeInt(superblock() + 60, 0x8374026c);
    pokeInt(superblock() + 56, 0x13);
    poke(superblock() - 32768, new byte[32768]);
    ToolRun run = ToolRun.internal(disk, "apply-al");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("No usable activity log found.");
    pokeInt(superblock() + 56, 0x11);
    assertThat(ToolRun.internal(disk, "apply-al").err()).contains("Error ignored");
    assertThat(ToolRun.internal(disk, "dump-md").exitCode()).isZero();
  }

  @Test
  void metadataOfOtherVersionsIsNamed() throws Exception {
    pokeInt(superblock() + 60, 0x8374026d);
    assertThat(ToolRun.internal(disk, "dump-md").err()).contains("v09 of DRBD 9");
    ToolRun refused = ToolRun.internal(disk, "create-md");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("Replace the v09 meta-data");
    pokeInt(superblock() + 60, 0);
    pokeInt(72 * MIB + 28, 0x8374026a);
    pokeInt(72 * MIB + 12, 9);
    assertThat(ToolRun.on(disk, "internal", "no\nno\n", "create-md").exitCode()).isEqualTo(1);
    ToolRun converted = ToolRun.on(disk, "internal", "yes\n", "create-md");
    assertThat(converted.out()).startsWith("Converting meta data...\n");
    assertThat(ToolRun.internal(disk, "get-gi").out())
        .isEqualTo(
            "000900000000BABE:0000000000000000:00090000FFFFBABE:00090000FFFEBABE:0:0:0:0:1:0:0\n"
                .replace("00090000FFFF", "0008FFFFFFFF")
                .replace("00090000FFFE", "0008FFFFFFFE"));
    assertThat(ToolRun.internal(disk, "create-md").err()).doesNotContain("v07");
  }

  @Test
  void helpIsNoErrorAndHasExamples() {
    for (String word : List.of("--help", "-h", "help")) {
      ToolRun run = ToolRun.of("", word);
      assertThat(run.exitCode()).as(word).isZero();
      assertThat(run.err()).as(word).isEmpty();
      assertThat(run.out()).contains("USAGE: drbdmeta").contains("EXAMPLES:");
    }
  }

  @Test
  void wrongCommandLinesEndWithTwenty() throws Exception {
    assertThat(ToolRun.of("").exitCode()).isEqualTo(20);
    assertThat(ToolRun.of("").out()).contains("USAGE: drbdmeta");
    assertThat(ToolRun.internal(disk, "fly").err()).isEqualTo("Unknown command 'fly'.\n");
    assertThat(ToolRun.internal(disk).err()).isEqualTo("command missing\n");
    assertThat(ToolRun.internal(disk, "get-gi", "--al-stripes", "2").exitCode()).isEqualTo(20);
    assertThat(ToolRun.internal(disk, "get-gi", "--what").exitCode()).isEqualTo(20);
    assertThat(ToolRun.on(disk, "300", "", "get-gi").err())
        .isEqualTo("'300' is not a valid index number.\n");
    assertThat(ToolRun.of("", "x", "v08", disk.toString(), "internal", "get-gi").err())
        .isEqualTo("'x' is not a valid minor number.\n");
    assertThat(ToolRun.of("", "7", "v09", disk.toString(), "internal", "get-gi").exitCode())
        .isEqualTo(20);
    assertThat(ToolRun.internal(folder.resolve("nope"), "get-gi").exitCode()).isEqualTo(20);
    assertThat(ToolRun.internal(folder, "get-gi").exitCode()).isEqualTo(20);
    assertThat(ToolRun.internal(sparse("tiny", 30 << 10), "create-md").exitCode()).isEqualTo(10);
  }

  @Test
  void optionsOfCreateMdAreKeptWithinTheirRanges() {
    for (String wrong : new String[] {"0", "-1", "9999999"}) {
      assertThat(ToolRun.internal(disk, "create-md", "--al-stripes=" + wrong).exitCode())
          .isEqualTo(10);
    }
    assertThat(ToolRun.internal(disk, "create-md", "-z", "28").err()).contains("too small");
    assertThat(ToolRun.internal(disk, "create-md", "-p", "2M").exitCode()).isEqualTo(10);
    assertThat(ToolRun.internal(disk, "create-md", "-p", "ten").exitCode()).isEqualTo(20);
    assertThat(ToolRun.internal(disk, "create-md", "-p", "5k", "-s", "2", "-z", "64").exitCode())
        .isZero();
    assertThat(ToolRun.internal(disk, "dump-md").out())
        .contains("la-peer-max-bio-size 5120;\nal-stripes 2;\nal-stripe-size-4k 16;\n")
        .contains("# md_size_sect 280\n");
  }
}
