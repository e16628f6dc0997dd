package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The test that closes the chapter's section 6.5: both nodes are Primary and under load, one's
/// disk is pulled, everything goes on over the network, and a new disk takes its place.
///
/// Promises kept (docs/durability.md): a write answered OK survives the loss of either disk;
/// between two of ours what clients of both sides see is linearizable, with or without a disk.
@Timeout(180)
class PulledDiskTest {
  private static final int DISK_BYTES = 16 << 20;
  private static final int CLIENTS = 3;
  private static final int ENDLESS = Integer.MAX_VALUE;
  private static final int SHARE = 600;

  @TempDir Path folder;

  @Test
  void bothSidesGoOnWithoutOnesDiskAndWithItsNewOne() throws Exception {
    try (TappedPair pair =
        new TappedPair(folder, DISK_BYTES, "allow-two-primaries yes; ping-timeout 30;")) {
      pair.b.drbdadm("down", "r0");
      try (Enclosure enclosure = Enclosure.around(pair.disk("b"))) {
        pair.b.drbdadm("up", "r0");
        pullAndReplace(pair, enclosure);
      }
    }
  }

  private static void pullAndReplace(TappedPair pair, Enclosure enclosure) throws Exception {
    pair.makeBothPrimary();
    BlockHistory told = new BlockHistory();
    for (int client = 0; client < CLIENTS; client++) {
      told.start(pair.a, 2 * client, ENDLESS);
      told.start(pair.b, 2 * client + 1, ENDLESS);
    }
    awaitMore(told);

    enclosure.pull();
    pair.b.awaitState("Connected", "Diskless/UpToDate");
    pair.a.awaitState("Connected", "UpToDate/Diskless");
    assertThat(pair.b.drbdadm("dstate", "r0")).isEqualTo("Diskless/UpToDate\n");
    awaitMore(told);

    enclosure.remove();
    makeEmpty(pair.disk("b"));
    pair.b.drbdadm("create-md", "--force", "r0");
    pair.b.drbdadm("attach", "r0");
    pair.a.awaitState("Connected", "UpToDate/UpToDate");
    pair.b.awaitState("Connected", "UpToDate/UpToDate");
    awaitMore(told);

    assertThat(told.end()).isEmpty();
    assertThat(told.history().nonlinearity()).isEmpty();
    pair.assertReplicasAreEqual();
  }

  private static void makeEmpty(Path disk) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(0);
      file.setLength(DISK_BYTES);
    }
  }

  /// The clients are being served.
  private static void awaitMore(BlockHistory told) throws InterruptedException {
    int before = told.answered();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (told.answered() < before + SHARE) {
      assertThat(System.nanoTime()).as("answers of both nodes").isLessThan(end);
      Thread.sleep(20); // the clients' own threads give no sign
    }
  }
}
