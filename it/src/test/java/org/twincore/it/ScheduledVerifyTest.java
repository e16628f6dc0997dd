package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two real nodes with `verify-every`: the one that drbd.conf names first verifies by itself, finds
/// blocks that rot on a disk, says so in its report, and `drbdadm repair` has them copied.
class ScheduledVerifyTest {
  private static final long DISK_BYTES = 24 << 20;
  private static final int BLOCK = 4096;
  private static final String DAILY = "verify-every = 1d\nverify-rate = 50M\n";

  @TempDir private Path folder;

  private void rot(Path disk, int block) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek((long) block * BLOCK);
      file.write(new byte[BLOCK - 1]);
      file.write(1);
    }
  }

  @Test
  void findsReportsAndIsRepaired() throws Exception {
    try (TappedPair pair = new TappedPair(folder, DISK_BYTES, "", DAILY, DAILY)) {
      pair.a.awaitState("Connected", "Inconsistent/Inconsistent");
      pair.a.drbdadm("primary", "--force", "r0");
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      KernelPair.write(pair.a, 100, 20, 3);
      assertThat(pair.a.drbdadm("verify-report", "r0"))
          .contains("every 1d, at most 51200 KiB/s; next due")
          .contains("waits: verify-alg is not set")
          .contains("no verify was begun on this node yet");
      assertThat(pair.a.drbdadm("why", "r0")).contains("a scheduled verify is due");

      rot(pair.disk("b"), 105);
      rot(pair.disk("b"), 106);
      pair.a.drbdadm("net-options", "--verify-alg=crc32c", "r0");
      pair.a.awaitLog("scheduled-verify=\"begun\" from-sector=0 rate-kib=51200");
      pair.a.awaitLog("Online verify found 2 4k block out of sync!");
      pair.a.awaitVolume("2 blocks out of sync", it -> it.outOfSyncBlocks() == 2);
      pair.b.awaitVolume("2 blocks out of sync", it -> it.outOfSyncBlocks() == 2);

      assertThat(pair.a.drbdadm("verify-report", "r0"))
          .contains("scheduled, ")
          .contains("2 blocks out of sync, 0 false alarms dropped\n")
          .contains("out of sync: start=840, size=16 (sectors)");
      assertThat(pair.a.drbdadm("verify-report", "--json", "r0"))
          .contains("\"ranges\":[{\"start\":840,\"size\":16}]")
          .contains("\"interrupted\":false,\"scheduled\":true");
      Path book = folder.resolve("a/state/a/verify-r0.json");
      assertThat(Files.readString(book)).contains("\"out-of-sync-blocks\":2");
      assertThat(pair.b.drbdadm("verify-report", "r0")).contains("begun by the other node");

      pair.a.drbdadm("repair", "--source=a", "r0");
      pair.a.awaitVolume("nothing out of sync", it -> it.outOfSyncBlocks() == 0);
      pair.b.awaitVolume("nothing out of sync", it -> it.outOfSyncBlocks() == 0);
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      try (RandomAccessFile file = new RandomAccessFile(pair.disk("b").toFile(), "r")) {
        byte[] found = new byte[BLOCK];
        file.seek(105L * BLOCK);
        file.readFully(found);
        assertThat(found).isEqualTo(KernelPair.content(105, 3));
      }
    }
  }
}
