package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdSettings;
import org.twincore.host.net.FreePorts;

/// kill -9 of the Primary, the Secondary or both, at random moments under a verified load.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// node; and of both processes, as each has it at least in its machine's cache.
class RandomKillTest {
  private static final long DISK_BYTES = 64 << 20;
  private static final int BLOCKS = 12_000;
  private static final boolean IS_FULL = Boolean.getBoolean("twincore.full");
  private static final int FIO_ROUNDS = IS_FULL ? 50 : 4;
  private static final int OWN_ROUNDS = IS_FULL ? 50 : 3;

  private enum Victim {
    PRIMARY,
    SECONDARY,
    BOTH
  }

  @TempDir private Path folder;
  private NodeProcess primary;
  private NodeProcess secondary;

  @BeforeEach
  void makeNodes() throws IOException {
    Path config = configure();
    primary = new NodeProcess("one", folder.resolve("n1"), config);
    secondary = new NodeProcess("two", folder.resolve("n2"), config);
  }

  @AfterEach
  void endNodes() {
    primary.close();
    secondary.close();
  }

  @Test
  void fioFindsEveryAnsweredWrite() throws IOException, InterruptedException {
    Tool.require("fio", "fio");
    long seed = System.nanoTime() & 0xffff_ffffL;
    runRounds(FIO_ROUNDS, seed, new FioLoad(folder.resolve("fio"), 48, seed));
  }

  @Test
  void ourClientFindsEveryAnsweredWrite() throws IOException, InterruptedException {
    long seed = System.nanoTime();
    runRounds(OWN_ROUNDS, seed, new NumberedLoad(BLOCKS, new Random(seed)));
  }

  /// The check can fail: a write that was answered is taken back behind fio's back.
  @Test
  void fioSeesAWriteThatIsLost() throws Exception {
    Tool.require("fio", "fio");
    try (FileServer server = new FileServer(folder, NbdSettings.standard())) {
      FioLoad load = new FioLoad(folder.resolve("fio"), 8, 1);
      load.begin(NbdAddress.unix(server.socket));
      load.end();
      assertThat(load.lost(NbdAddress.unix(server.socket))).isEmpty();
      try (RandomAccessFile disk = new RandomAccessFile(server.file.toFile(), "rw")) {
        disk.seek(77 * 4096);
        disk.write(new byte[4096]);
      }
      assertThat(load.lost(NbdAddress.unix(server.socket)))
          .singleElement()
          .asString()
          .endsWith(" at " + 77 * 4096);
    }
  }

  private void runRounds(int rounds, long seed, VerifiedLoad load)
      throws IOException, InterruptedException {
    Random random = new Random(seed);
    for (NodeProcess node : List.of(primary, secondary)) {
      node.drbdadm("create-md", "r0");
      start(node);
    }
    primary.awaitState("Connected", "Inconsistent/Inconsistent");
    primary.drbdadm("primary", "--force", "r0");
    primary.awaitState("Connected", "UpToDate/UpToDate");
    int again = 0;
    for (int round = 0; round < rounds + again; round++) {
      Victim victim = Victim.values()[random.nextInt(3)];
      String what = "seed " + seed + ", round " + round + ", killed " + victim;
      loadAndKill(load, victim, random);
      again += load.knowsAnswers() ? 0 : 1;
      assertThat(again).as(what).isLessThanOrEqualTo(1 + rounds / 10);
      assertThat(load.lost(primary.nbdAddress())).as(what).isEmpty();
      if (victim != Victim.SECONDARY) {
        start(secondary);
      }
      if (random.nextInt(3) == 0) {
        Thread.sleep(random.nextInt(100));
        secondary.kill(); // in the middle of its resync, if it has one
        start(secondary);
      }
      primary.awaitState("Connected", "UpToDate/UpToDate");
      secondary.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(firstDifference()).as(what).isEqualTo(-1);
    }
    assertThat(load.answered()).isGreaterThan(rounds * 100L);
  }

  /// Afterwards `primary` is one that has all, promoted; nobody uses it.
  private void loadAndKill(VerifiedLoad load, Victim victim, Random random)
      throws IOException, InterruptedException {
    load.begin(primary.nbdAddress());
    Thread.sleep(100 + random.nextInt(900));
    switch (victim) {
      case PRIMARY -> {
        primary.kill();
        load.end();
        secondary.awaitState("WFConnection", "UpToDate/DUnknown");
        NodeProcess survivor = secondary;
        secondary = primary;
        primary = survivor;
        primary.drbdadm("primary", "r0");
      }
      case SECONDARY -> {
        secondary.kill();
        Thread.sleep(random.nextInt(300));
        start(secondary); // its resync runs beside the load
        load.end();
      }
      case BOTH -> {
        List<NodeProcess> order =
            random.nextBoolean() ? List.of(primary, secondary) : List.of(secondary, primary);
        order.getFirst().kill();
        Thread.sleep(random.nextInt(20));
        order.getLast().kill();
        load.end();
        start(primary);
        primary.drbdadm("primary", "r0");
      }
    }
  }

  private static void start(NodeProcess node) throws IOException {
    node.start();
    node.drbdadm("up", "r0");
  }

  /// Where the two disks' data differ; -1 if nowhere.
  private long firstDifference() throws IOException {
    long dataBytes = primary.volume().orElseThrow().sizeSectors() * 512;
    long at = Files.mismatch(disk(0), disk(1));
    return at < dataBytes ? at : -1;
  }

  private Path disk(int side) {
    return folder.resolve("disk-" + side);
  }

  private Path configure() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    StringBuilder text =
        new StringBuilder(
            "resource r0 { disk { resync-rate 200M; c-fill-target 8M; c-max-rate 400M; c-min-rate"
                + " 0; }\n"
                + "  net { ping-timeout 30; max-buffers 8000; }\n");
    for (int side = 0; side < 2; side++) {
      try (RandomAccessFile file = new RandomAccessFile(disk(side).toFile(), "rw")) {
        file.setLength(DISK_BYTES);
      }
      text.append(
          "  on %s { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }%n"
              .formatted(side == 0 ? "one" : "two", disk(side), ports.get(side)));
    }
    Path config = folder.resolve("drbd.conf");
    Files.writeString(config, text.append("}\n").toString());
    return config;
  }
}
