package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;
import org.twincore.host.disk.MetadataFile;
import org.twincore.it.DrbdmetaPair.Run;
import org.twincore.testkit.Gen;
import org.twincore.testkit.Prng;

/// Our drbdmeta against the one of Debian's drbd-utils, in both directions, on generated disks.
class MetadataToolTest {
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final Kind INTERNAL = new Kind.Internal();

  @TempDir private Path folder;
  private DrbdmetaPair pair;

  @BeforeEach
  void findDebians() {
    Tool.require("drbd-utils", DrbdmetaPair.DEBIANS);
    pair = new DrbdmetaPair(folder);
  }

  @AfterEach
  void forget() throws IOException {
    pair.close();
  }

  private static MetadataLayout internal(Path disk) throws Exception {
    return MetadataLayout.of(INTERNAL, Files.size(disk), Files.size(disk));
  }

  // ---- create-md

  @Test
  void freshInternalMetadataIsTheSameByteForByte() throws Exception {
    for (long bytes :
        new long[] {
          72 << 10, MIB, 100 * MIB, 128 * MIB + 512, GIB, GIB + 512, 10 * GIB, 3 * GIB - 4096
        }) {
      Path our = pair.sparse("our", bytes);
      Path their = pair.sparse("their", bytes);
      assertThat(DrbdmetaPair.ours(our, "internal", "create-md").exitCode()).isZero();
      assertThat(pair.theirs(their, "internal", "create-md").exitCode()).isZero();
      MetadataLayout layout = internal(our);
      assertThat(DrbdmetaPair.firstDifference(our, their, layout, 2 * MIB))
          .as("disk of %d bytes", bytes)
          .isEqualTo(-1);
    }
  }

  @Test
  void freshExternalMetadataIsTheSameByteForByte() throws Exception {
    for (String index : List.of("flex-external", "0", "1")) {
      long bytes = 257 * MIB + 512;
      Path our = pair.sparse("our", bytes);
      Path their = pair.sparse("their", bytes);
      DrbdmetaPair.ours(our, index, "create-md", "--peer-max-bio-size", "4096");
      pair.theirs(their, index, "create-md", "--peer-max-bio-size", "4096");
      Kind kind =
          index.equals("flex-external")
              ? new Kind.FlexExternal()
              : new Kind.Indexed(Integer.parseInt(index));
      MetadataLayout layout = MetadataLayout.of(kind, GIB, bytes);
      assertThat(DrbdmetaPair.firstDifference(our, their, layout, MIB)).as(index).isEqualTo(-1);
    }
  }

  @Test
  void activityLogOfManyStripesIsTheSame() throws Exception {
    for (String index : List.of("internal", "flex-external")) {
      Path our = pair.sparse("our", 20 * MIB);
      Path their = pair.sparse("their", 20 * MIB);
      String[] command = {"create-md", "--al-stripes", "5", "--al-stripe-size-kB", "100"};
      DrbdmetaPair.ours(our, index, command);
      pair.theirs(their, index, command);
      assertThat(Files.mismatch(our, their)).isEqualTo(-1);
    }
  }

  // ---- dump-md and restore-md

  /// A disk with random bits, identifiers and flags, clean.
  private Path randomDisk(Gen gen, String name, long bytes) throws Exception {
    Path disk = pair.sparse(name, bytes);
    DrbdmetaPair.ours(disk, "internal", "create-md");
    MetadataLayout layout = internal(disk);
    SyncBitmap bitmap = new SyncBitmap(layout.usableSectors());
    for (int i = gen.intIn(0, 60); i > 0; i--) {
      long from = gen.longIn(0, bitmap.sizeBits());
      bitmap.setBits(from, from + gen.oneOf(1L, 64L, 1000L, gen.longIn(1, 200_000)));
    }
    try (MetadataFile file = MetadataFile.open(disk)) {
      MetadataArea area = new MetadataArea(file, layout);
      area.writeDirtyPages(bitmap);
      area.writeSuperblock(
          Superblock.fresh(layout, gen.anyLong()).withLastAgreedSectors(layout.usableSectors()));
    }
    DrbdmetaPair.ours(
        disk,
        "internal",
        "set-gi",
        "%x:%x:%x:%x:%d:%d"
            .formatted(
                gen.anyLong(),
                gen.anyLong(),
                gen.anyLong(),
                gen.anyLong(),
                gen.intIn(0, 1),
                gen.intIn(0, 1)));
    return disk;
  }

  @Test
  void bothDumpTheSameText() {
    Gen.check(
        12,
        gen -> {
          Path disk = randomDisk(gen, "disk", gen.longIn(100, 20_000) * MIB);
          assertThat(DrbdmetaPair.ours(disk, "internal", "dump-md").comparable())
              .isEqualTo(pair.theirs(disk, "internal", "dump-md").comparable());
        });
  }

  @Test
  void dumpOfATerabyteIsTheSameText() throws Exception {
    Path disk = randomDisk(Gen.of(new Prng(7)), "big", 1024 * GIB);
    assertThat(DrbdmetaPair.ours(disk, "internal", "dump-md").comparable())
        .isEqualTo(pair.theirs(disk, "internal", "dump-md").comparable());
  }

  @Test
  void ourDumpIsRestoredByTheirsFlagsIncluded() {
    Gen.check(
        8,
        gen -> {
          Path disk = randomDisk(gen, "disk", gen.longIn(100, 3000) * MIB);
          Path text = folder.resolve("text");
          Files.writeString(text, DrbdmetaPair.ours(disk, "internal", "dump-md").out());
          // Theirs writes no activity log if none is there.
          Path copy = pair.sparse("copy", Files.size(disk));
          pair.theirs(copy, "internal", "create-md");
          assertThat(pair.theirs(copy, "internal", "restore-md", text.toString()).exitCode())
              .isZero();
          assertThat(DrbdmetaPair.firstDifference(copy, disk, internal(disk), 4 * MIB))
              .isEqualTo(-1);
        });
  }

  @Test
  void dumpsOfBothAreRestoredByOurs() {
    Gen.check(
        8,
        gen -> {
          Path disk = randomDisk(gen, "disk", gen.longIn(100, 3000) * MIB);
          Path text = folder.resolve("text");
          Path copy = pair.sparse("copy", Files.size(disk));
          Files.writeString(text, pair.theirs(disk, "internal", "dump-md").out());
          assertThat(DrbdmetaPair.ours(copy, "internal", "restore-md", text.toString()).exitCode())
              .isZero();
          // Theirs prints no flags; all else is there.
          assertThat(pair.theirs(copy, "internal", "dump-md").comparable())
              .isEqualTo(pair.theirs(disk, "internal", "dump-md").comparable());
          Files.writeString(text, DrbdmetaPair.ours(disk, "internal", "dump-md").out());
          DrbdmetaPair.ours(copy, "internal", "restore-md", text.toString());
          assertThat(DrbdmetaPair.firstDifference(copy, disk, internal(disk), 4 * MIB))
              .isEqualTo(-1);
        });
  }

  // ---- identifiers and flags

  @Test
  void everyCombinationOfFlagsReadsTheSame() throws Exception {
    Path disk = pair.sparse("disk", MIB);
    DrbdmetaPair.ours(disk, "internal", "create-md");
    for (int flags = 0; flags < 128; flags++) {
      pokeInt(disk, MIB - 4096 + 56, flags | 0x80);
      Run our = DrbdmetaPair.ours(disk, "internal", "show-gi");
      Run their = pair.theirs(disk, "internal", "show-gi");
      assertThat(lastLines(our)).as("flags %x", flags).isEqualTo(lastLines(their));
      assertThat(DrbdmetaPair.ours(disk, "internal", "get-gi").out())
          .as("flags %x", flags)
          .isSubstringOf(their.out());
    }
  }

  @Test
  void identifiersSetByOneAreReadByTheOther() {
    Path[] disk = new Path[1];
    Gen.check(
        10,
        gen -> {
          if (disk[0] == null) {
            disk[0] = pair.sparse("disk", MIB);
            DrbdmetaPair.ours(disk[0], "internal", "create-md");
          }
          StringBuilder gi = new StringBuilder();
          for (int i = 0; i < 4; i++) {
            gi.append(gen.bool() ? "%x".formatted(gen.anyLong()) : "").append(':');
          }
          for (int i = gen.intIn(0, 6); i >= 0; i--) {
            gi.append(gen.oneOf("", "0", "1")).append(i > 0 ? ":" : "");
          }
          Run set =
              gen.bool()
                  ? DrbdmetaPair.ours(disk[0], "internal", "set-gi", gi.toString())
                  : pair.theirs(disk[0], "internal", "set-gi", gi.toString());
          for (String command : List.of("get-gi", "dstate")) {
            assertThat(DrbdmetaPair.ours(disk[0], "internal", command).out())
                .as("%s after %s: %s", command, gi, set)
                .isEqualTo(pair.theirs(disk[0], "internal", command).out());
          }
          assertThat(set.out()).contains(pair.theirs(disk[0], "internal", "get-gi").out());
        });
  }

  /// The words below the drawing.
  private static String lastLines(Run show) {
    return show.out().substring(show.out().indexOf("flags:"));
  }

  @Test
  void changesOfStateLeaveTheSameBytes() throws Exception {
    for (int flags : new int[] {0x91, 0x11, 0x13, 0x80, 0x7f}) {
      for (int magic : new int[] {0x8374026b, 0x8374026c}) {
        for (String command : List.of("outdate", "invalidate", "apply-al")) {
          Path our = pair.sparse("our", MIB);
          Path their = pair.sparse("their", MIB);
          DrbdmetaPair.ours(our, "internal", "create-md");
          pokeInt(our, Files.size(our) - 4096 + 56, flags);
          pokeInt(our, Files.size(our) - 4096 + 60, magic);
          Files.copy(our, their, StandardCopyOption.REPLACE_EXISTING);
          Run ourRun = DrbdmetaPair.ours(our, "internal", command);
          Run theirRun = pair.theirs(their, "internal", command);
          assertThat(ourRun.exitCode()).isEqualTo(theirRun.exitCode());
          assertThat(ourRun.messages()).isEqualTo(theirRun.messages());
          assertThat(Files.mismatch(our, their)).as("%s, flags %x", command, flags).isEqualTo(-1);
        }
      }
    }
  }

  @Test
  void theirsFindsNothingAfterOurWipeAndTheOtherWayRound() throws Exception {
    Path disk = pair.sparse("disk", 100 * MIB);
    DrbdmetaPair.ours(disk, "internal", "create-md");
    assertThat(pair.theirs(disk, "internal", "write-dev-uuid", "ABCDEF0123456789").exitCode())
        .isZero();
    assertThat(DrbdmetaPair.ours(disk, "internal", "read-dev-uuid").out())
        .isEqualTo("ABCDEF0123456789\n");
    DrbdmetaPair.ours(disk, "internal", "write-dev-uuid", "1122334455667788");
    assertThat(pair.theirs(disk, "internal", "read-dev-uuid").out())
        .isEqualTo("1122334455667788\n");
    Run ourWipe = DrbdmetaPair.ours(disk, "internal", "wipe-md");
    assertThat(pair.theirs(disk, "internal", "get-gi").exitCode()).isEqualTo(1);
    pair.theirs(disk, "internal", "create-md");
    Run theirWipe = pair.theirs(disk, "internal", "wipe-md");
    assertThat(ourWipe).isEqualTo(theirWipe);
    assertThat(DrbdmetaPair.ours(disk, "internal", "get-gi").exitCode()).isEqualTo(1);
  }

  // ---- what must not be overwritten, what is not ours

  @Test
  void fileSystemsOfDebiansToolsAreRefusedAsTheirsDoes() throws Exception {
    Tool.require("e2fsprogs", "mkfs.ext3", "mkfs.ext4");
    Tool.require("util-linux", "mkswap");
    for (String[] maker :
        new String[][] {
          {"mkfs.ext3", "-q", "-F"}, {"mkfs.ext4", "-q", "-F", "-b", "4096"}, {"mkswap", "-q"}
        }) {
      Path disk = pair.sparse("disk", 64 * MIB);
      String[] line = Arrays.copyOf(maker, maker.length + 1);
      line[maker.length] = disk.toString();
      Tool.ok(line);
      Run our = DrbdmetaPair.ours(disk, "internal", "create-md");
      Run their = pair.theirs(disk, "internal", "create-md");
      assertThat(our.exitCode()).as(maker[0]).isEqualTo(their.exitCode()).isEqualTo(40);
      for (String shared : List.of("md_offset", "Found", "used", "usable", "refused")) {
        assertThat(linesWith(our, shared)).isEqualTo(linesWith(their, shared));
      }
    }
  }

  private static List<String> linesWith(Run run, String word) {
    return run.out()
        .lines()
        .filter(line -> line.contains(word) && !line.startsWith("   *") && !line.contains("would"))
        .filter(line -> !line.contains("that this data uses"))
        .toList();
  }

  @Test
  void metadataOfTheirOtherFormatsIsKnownAndNamed() throws Exception {
    Path disk = pair.sparse("disk", 300 * MIB);
    pair.theirsOfFormat("v09", disk, "internal", "create-md", "2");
    assertThat(DrbdmetaPair.oursUnforced(disk, "internal", "dump-md").messages())
        .contains("found v09 of DRBD 9");
    assertThat(DrbdmetaPair.oursUnforced(disk, "internal", "create-md").exitCode()).isEqualTo(1);

    for (String place : List.of("internal", "flex-internal")) {
      disk = pair.sparse("disk", 300 * MIB);
      pair.theirsOfFormat("v07", disk, place, "create-md");
      pair.theirsOfFormat("v07", disk, place, "set-gi", "1:2:3:4:5:0:1:0");
      assertThat(DrbdmetaPair.oursUnforced(disk, "internal", "create-md").exitCode()).isEqualTo(1);
      assertThat(DrbdmetaPair.ours(disk, "internal", "create-md").out()).startsWith("Converting");
      assertThat(pair.theirs(disk, "internal", "get-gi").out())
          .isEqualTo(
              "000200030009BABE:0000000000000000:000200030008BABE:000200030007BABE"
                  + ":1:0:0:1:1:0:0\n");
    }
  }

  @Test
  void wrongMagicIsNoMetadataForBoth() throws Exception {
    Path disk = pair.sparse("disk", 100 * MIB);
    DrbdmetaPair.ours(disk, "internal", "create-md");
    pokeInt(disk, Files.size(disk) - 4096 + 60, 0x8374026f);
    for (String command : List.of("get-gi", "dump-md", "apply-al", "dstate", "outdate")) {
      assertThat(DrbdmetaPair.ours(disk, "internal", command).exitCode())
          .as(command)
          .isEqualTo(pair.theirs(disk, "internal", command).exitCode())
          .isEqualTo(1);
    }
  }

  /// A kernel node that crashed as Primary: both tools make the same of its disk.
  @Test
  void capturedCrashIsAppliedTheSame() throws Exception {
    Path our = pair.sparse("our", 64 * MIB);
    Path their = pair.sparse("their", 64 * MIB);
    byte[] area;
    try (InputStream in =
        new GZIPInputStream(MetadataToolTest.class.getResourceAsStream("al-crashed.mdarea.gz"))) {
      area = in.readAllBytes();
    }
    poke(our, 64 * MIB - area.length, area);
    poke(their, 64 * MIB - area.length, area);
    assertThat(DrbdmetaPair.ours(our, "internal", "apply-al"))
        .isEqualTo(pair.theirs(their, "internal", "apply-al"))
        .extracting(Run::messages)
        .isEqualTo("Marked additional 16 MB as out-of-sync based on AL.\n");
    assertThat(Files.mismatch(our, their)).isEqualTo(-1);
  }

  private static void pokeInt(Path disk, long offset, int value) throws IOException {
    poke(disk, offset, ByteBuffer.allocate(4).putInt(value).array());
  }

  private static void poke(Path disk, long offset, byte[] bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(offset);
      file.write(bytes);
    }
  }
}
