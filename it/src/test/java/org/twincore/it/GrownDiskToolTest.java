package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.meta.MetadataLayout;

/// Metadata of a disk that grew, moved by our drbdmeta and by Debian's: each finds what the other
/// remembered, and both leave the same.
class GrownDiskToolTest {
  private static final long BEFORE = 8 << 20;

  @TempDir private Path folder;

  @BeforeAll
  static void debiansToolIsThere() throws Exception {
    Root.require();
    Tool.require("drbd-utils", DrbdmetaPair.DEBIANS);
  }

  /// `ours`: which tool makes the metadata, and so remembers the disk.
  @ParameterizedTest
  @CsvSource({
    "true, 12582912, check-resize",
    "false, 12582912, check-resize",
    "true, 8396800, apply-al",
    "false, 8396800, apply-al"
  })
  void eitherMovesWhatTheOtherMade(boolean ours, long bytes, String command) throws Exception {
    try (DrbdmetaPair pair = new DrbdmetaPair(folder)) {
      Path disk = pair.sparse("disk", BEFORE);
      run(pair, ours, disk, "create-md", "--al-stripes", "2", "--al-stripe-size-kB", "32");
      run(pair, ours, disk, "write-dev-uuid", "1122334455667788");
      run(pair, ours, disk, "set-gi", "6:5:4:3:1:1");
      try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
        file.setLength(bytes);
      }
      byte[] grown = Files.readAllBytes(disk);
      DrbdmetaPair.Run first = run(pair, !ours, disk, command);
      assertThat(first.out()).contains("Internal drbd meta data successfully moved.");
      Path moved = Files.copy(disk, folder.resolve("moved"));

      // The other tool, from the same start: the file of the disk's size is as it was.
      Files.write(disk, grown);
      run(pair, ours, pair.sparse("small", BEFORE), "create-md");
      Files.write(disk, grown);
      try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
        file.setLength(BEFORE);
      }
      run(pair, ours, disk, "write-dev-uuid", "1122334455667788");
      Files.write(disk, grown);
      run(pair, ours, disk, command);
      MetadataLayout layout =
          MetadataLayout.of(new MetadataLayout.Kind.Internal(), bytes, bytes, 2, 8);
      assertThat(DrbdmetaPair.firstDifference(disk, moved, layout, 1 << 20)).isEqualTo(-1);
      assertThat(pair.theirs(moved, "internal", "show-gi").out())
          .isEqualTo(pair.theirs(disk, "internal", "show-gi").out());
    }
  }

  private static DrbdmetaPair.Run run(DrbdmetaPair pair, boolean ours, Path disk, String... command)
      throws Exception {
    DrbdmetaPair.Run run =
        ours
            ? DrbdmetaPair.ours(disk, "internal", command)
            : pair.theirs(disk, "internal", command);
    assertThat(run.exitCode()).as(run.messages()).isZero();
    return run;
  }
}
