package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;

/// kill -9 of the Primary, the Secondary or both, at random moments under a verified load.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// node; and of both processes, as each has it at least in its machine's cache.
class RandomKillTest {
  private static final long DISK_BYTES = 64 << 20;
  private static final int BLOCKS = 12_000;
  private static final int ROUNDS = Boolean.getBoolean("twincore.full") ? 50 : 10;

  @TempDir private Path folder;

  @Test
  void noAcknowledgedWriteIsLost() throws IOException, InterruptedException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    NumberedBlocks blocks = new NumberedBlocks(BLOCKS, random);
    Path config = configure();
    try (NodeProcess one = new NodeProcess("one", folder.resolve("n1"), config);
        NodeProcess two = new NodeProcess("two", folder.resolve("n2"), config)) {
      for (NodeProcess node : List.of(one, two)) {
        node.drbdadm("create-md", "r0");
        node.start();
        node.drbdadm("up", "r0");
      }
      one.awaitState("Connected", "Inconsistent/Inconsistent");
      one.drbdadm("primary", "--force", "r0");
      one.awaitState("Connected", "UpToDate/UpToDate");
      NodeProcess primary = one;
      NodeProcess secondary = two;
      for (int round = 0; round < ROUNDS; round++) {
        int victims = random.nextInt(3);
        String what = "seed " + seed + ", round " + round + ", victims " + victims;
        loadAndKill(blocks, primary, secondary, victims, 100 + random.nextInt(700));
        if (victims == 0) {
          secondary.awaitState("WFConnection", "UpToDate/DUnknown");
          secondary.drbdadm("primary", "r0");
          NodeProcess survivor = secondary;
          secondary = primary;
          primary = survivor;
        } else if (victims == 2) {
          start(primary);
          primary.drbdadm("primary", "r0");
        }
        try (NbdClient client = primary.nbd()) {
          assertThat(blocks.wrongBlocks(client)).as(what).isEmpty();
        }
        start(secondary);
        primary.awaitState("Connected", "UpToDate/UpToDate");
        secondary.awaitState("Connected", "UpToDate/UpToDate");
      }
      assertThat(blocks.acknowledgedBlocks()).isPositive();
    }
  }

  /// `victims`: 0 = the Primary, 1 = the Secondary, 2 = both.
  private static void loadAndKill(
      NumberedBlocks blocks,
      NodeProcess primary,
      NodeProcess secondary,
      int victims,
      int afterMillis)
      throws IOException, InterruptedException {
    try (NbdClient client = primary.nbd()) {
      Thread writer = new Thread(() -> blocks.writeUntilLost(client), "writer");
      writer.start();
      Thread.sleep(afterMillis);
      if (victims != 0) {
        secondary.kill();
      }
      if (victims != 1) {
        primary.kill();
      } else {
        Thread.sleep(afterMillis);
        writer.interrupt();
      }
      writer.join();
    }
  }

  private static void start(NodeProcess node) throws IOException {
    node.start();
    node.drbdadm("up", "r0");
  }

  private Path configure() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    StringBuilder text =
        new StringBuilder(
            "resource r0 { disk { resync-rate 200M; c-fill-target 8M; c-max-rate 400M; c-min-rate"
                + " 0; }\n"
                + "  net { ping-timeout 30; max-buffers 8000; }\n");
    for (int side = 0; side < 2; side++) {
      Path disk = folder.resolve("disk-" + side);
      try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
        file.setLength(DISK_BYTES);
      }
      text.append(
          "  on %s { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }%n"
              .formatted(side == 0 ? "one" : "two", disk, ports.get(side)));
    }
    Path config = folder.resolve("drbd.conf");
    Files.writeString(config, text.append("}\n").toString());
    return config;
  }
}
