package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.meta.ActivityLogBlock;
import org.twincore.drbd.meta.ActivityLogBlock.Transaction;
import org.twincore.drbd.meta.ActivityLogBlock.Update;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;
import org.twincore.host.disk.MetadataFile;
import org.twincore.it.DrbdmetaPair.Run;
import org.twincore.testkit.Gen;

/// apply-al of ours and of Debian's on the same rings, whole, torn and worn: the same bits, the
/// same words, the same exit code.
class ActivityLogToolTest {
  private static final long MIB = 1 << 20;
  private static final long DISK_BYTES = 1200 * MIB;

  /// Whole extents only: of a partial one, Debian's marks the bits behind the device too.
  private static final int EXTENTS = 298;

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

  @Test
  void anyRingOfARunningNodeIsReadTheSame() {
    Gen.check(
        60,
        gen -> {
          int stripes = gen.oneOf(1, 1, 3);
          Path disk = crashed(gen, stripes, gen.oneOf(0x13, 0x13, 0x13, 0x11, 0x93));
          List<Integer> damaged = new ArrayList<>();
          for (int i = gen.oneOf(0, 0, 1, 1, 2, 8); i > 0; i--) {
            damaged.add(gen.intIn(0, stripes * 8 - 1));
          }
          // Where 8.4's magic is gone from the first two blocks of a clean disk, Debian's takes the
          // log for one of 8.3, and for empty; ours reads what is left of it.
          damaged.removeIf(place -> place == 1);
          damage(gen, disk, stripes, damaged);
          compare(disk, stripes);
        });
  }

  @Test
  void ringWithoutOneValidBlockFailsTheSame() {
    Gen.check(
        4,
        gen -> {
          Path disk = crashed(gen, 1, gen.oneOf(0x13, 0x11));
          damage(gen, disk, 1, List.of(0, 1, 2, 3, 4, 5, 6, 7));
          compare(disk, 1);
        });
  }

  private void compare(Path disk, int stripes) throws Exception {
    Path copy = folder.resolve("copy");
    Files.deleteIfExists(copy);
    Tool.ok("cp", "--sparse=always", disk.toString(), copy.toString());
    Run our = DrbdmetaPair.ours(disk, "internal", "apply-al");
    Run their = pair.theirs(copy, "internal", "apply-al");
    assertThat(our.exitCode()).as("%s %s", our, their).isEqualTo(their.exitCode());
    if (our.exitCode() == 0) {
      assertThat(our).isEqualTo(their);
    } else {
      assertThat(our.messages()).startsWith(their.messages());
    }
    if (our.exitCode() == 0) {
      // Debian's leaves a first block that was torn as it is.
      for (Path written : List.of(disk, copy)) {
        try (MetadataFile file = MetadataFile.open(written)) {
          new MetadataArea(file, layout(stripes)).writeFreshLog();
        }
      }
    }
    assertThat(DrbdmetaPair.firstDifference(disk, copy, layout(stripes), MIB)).isEqualTo(-1);
  }

  private static MetadataLayout layout(int stripes) throws MetadataException {
    return MetadataLayout.of(
        new MetadataLayout.Kind.Internal(), DISK_BYTES, DISK_BYTES, stripes, 8);
  }

  /// A disk whose ring was written as a driver does: contexts that move on, slots that are reused.
  private Path crashed(Gen gen, int stripes, int flags) throws Exception {
    Path disk = pair.sparse("disk", DISK_BYTES);
    MetadataLayout layout = layout(stripes);
    int slots = gen.oneOf(67, 257, 1237);
    long[] set = new long[slots];
    Arrays.fill(set, ActivityLogBlock.NO_EXTENT);
    try (MetadataFile file = MetadataFile.open(disk)) {
      MetadataArea area = new MetadataArea(file, layout);
      area.writeFreshLog();
      int first = gen.oneOf(0, -3, gen.anyInt() & -(stripes * 8) & 0x7fffffc0);
      int start = 0;
      int count = gen.intIn(1, 40);
      for (int i = 0; i < count; i++) {
        List<Long> context = new ArrayList<>();
        for (int s = start; s < Math.min(slots, start + ActivityLogBlock.CONTEXT_SLOTS); s++) {
          context.add(set[s]);
        }
        List<Update> updates = new ArrayList<>();
        for (int u = gen.intIn(0, 6); u > 0; u--) {
          Update update = new Update(gen.intIn(0, slots - 1), gen.intIn(0, EXTENTS - 1));
          updates.add(update);
          set[update.slot()] = update.extent();
        }
        int number = first + i;
        byte[] block =
            ActivityLogBlock.encode(new Transaction(number, slots, start, context, updates));
        int place = Math.floorMod(number, stripes * 8);
        file.write(layout.alBlockOffsetBytes(place), block);
        start += ActivityLogBlock.CONTEXT_SLOTS;
        if (start >= slots) {
          start = 0;
        }
      }
      area.writeSuperblock(
          Superblock.fresh(layout, 0)
              .withFlags(flags)
              .withClean((flags & MetadataFlags.AL_CLEAN) != 0)
              .withLastAgreedSectors(layout.usableSectors()));
    }
    return disk;
  }

  private static void damage(Gen gen, Path disk, int stripes, List<Integer> places)
      throws Exception {
    MetadataLayout layout = layout(stripes);
    try (MetadataFile file = MetadataFile.open(disk)) {
      for (int place : places) {
        byte[] block = new byte[ActivityLogBlock.SIZE_BYTES];
        file.read(layout.alBlockOffsetBytes(place), block);
        // Torn at a sector, as a power cut does, or one wrong bit.
        if (gen.bool()) {
          Arrays.fill(block, gen.intIn(0, 7) * 512, block.length, (byte) 0x5a);
        } else {
          block[gen.intIn(0, block.length - 1)] ^= (byte) (1 << gen.intIn(0, 7));
        }
        file.write(layout.alBlockOffsetBytes(place), block);
      }
    }
  }
}
