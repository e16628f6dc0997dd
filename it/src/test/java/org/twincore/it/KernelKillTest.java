package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.ResourceView;
import org.twincore.drbd.wire.PacketType;

/// Power cuts of the kernel's node and kill -9 of ours, each as Primary and as Secondary, at random
/// moments under fio's verification.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK, by either node, survives the
/// loss of either; afterwards both disks are equal.
@Tag("interop")
@Tag("full")
class KernelKillTest {
  private static final int DISK_MIB = 24;
  private static final int LOAD_MIB = 16;
  private static final int FULL_ROUNDS_OF_EACH = 3;
  private static final int LOAD_SECONDS_MAX = 20;
  private static final int SECTORS_UNDER_WAY = 10 * 8;

  /// Of what both say: what Wireshark makes of all of it would not fit into memory.
  private static final long CAPTURE_BYTES = 48 << 20;

  private enum Side {
    OURS,
    KERNEL;

    Side other() {
      return this == OURS ? KERNEL : OURS;
    }
  }

  private record Round(Side victim, Side primary) {}

  @TempDir private Path folder;
  private KernelPair pair;
  private KernelDevice device;
  private NodeProcess node;
  private @Nullable KernelPeer kernel;
  private long seed;
  private Random random;

  @BeforeEach
  void startOurs() throws Exception {
    KernelPeer.require();
    KernelDevice.require();
    Tool.require("fio", "fio");
    seed = Long.getLong("seed", System.nanoTime() & 0xffff_ffffL);
    random = new Random(seed);
    device = new KernelDevice();
    pair = new KernelPair(folder, DISK_MIB);
    node = pair.node();
  }

  private void connect() throws IOException {
    pair.limitCapture(CAPTURE_BYTES);
    KernelPeer booted = boot();
    kernel = booted;
    booted.run("wait_cs Connected 30");
    node.awaitState("Connected", "Inconsistent/Inconsistent");
    node.drbdadm("new-current-uuid", "--clear-bitmap", "r0"); // both disks are empty
    bothUpToDate();
  }

  @AfterEach
  void end() {
    if (node != null) {
      node.close();
    }
    if (kernel != null) {
      kernel.close();
    }
  }

  @Test
  @Timeout(value = 900, unit = TimeUnit.SECONDS)
  void eachPrimaryIsLostOnce(TestInfo test) throws Exception {
    pair.begin(test);
    run(List.of(new Round(Side.KERNEL, Side.KERNEL), new Round(Side.OURS, Side.OURS)));
  }

  @Test
  @Timeout(value = 1800, unit = TimeUnit.SECONDS)
  void everyAnsweredWriteSurvivesEitherNode() throws Exception {
    List<Round> rounds = new ArrayList<>();
    for (int i = 0; i < FULL_ROUNDS_OF_EACH; i++) {
      for (Side victim : Side.values()) {
        for (Side primary : Side.values()) {
          rounds.add(new Round(victim, primary));
        }
      }
    }
    Collections.shuffle(rounds, random);
    run(rounds);
  }

  private void run(List<Round> rounds) throws Exception {
    connect();
    FioLoad load = new FioLoad(folder.resolve("fio"), LOAD_MIB, seed, LOAD_SECONDS_MAX);
    List<Round> left = new ArrayList<>(rounds);
    for (int i = 0; i < left.size(); i++) {
      String what = "seed %d, round %d, %s".formatted(seed, i, left.get(i));
      long before = load.answered();
      assertThat(loadAndKill(load, left.get(i))).as(what).isEmpty();
      if (load.knowsAnswers()) {
        assertThat(load.answered()).as(what).isGreaterThan(before);
      } else {
        left.add(left.get(i));
        assertThat(left).as(what).hasSizeLessThanOrEqualTo(rounds.size() + 2);
      }
      pair.assertEqualDisks();
    }
    node.drbdadm("down", "r0");
    kernel().powerOff();
    node.close();
    assertThat(pair.dissect())
        .containsKeys(PacketType.DATA, PacketType.BARRIER_ACK, PacketType.RS_DATA_REPLY);
  }

  /// Afterwards both are Secondary, connected and UpToDate. The answered writes that are lost.
  private List<String> loadAndKill(FioLoad load, Round round) throws Exception {
    load.begin(promote(round.primary));
    long begun = traffic();
    node.awaitVolume("writes under way", it -> traffic(it) > begun + SECTORS_UNDER_WAY);
    Thread.sleep(random.nextInt(1_000)); // the moment is what is random here
    kill(round.victim);
    load.end();
    Side survivor = round.victim.other();
    awaitAlone(survivor);
    boolean isPrimaryLost = round.victim == round.primary;
    NbdAddress survivors = isPrimaryLost ? promote(survivor) : address(survivor);
    List<String> lost = load.lost(survivors);
    comeBack(round.victim);
    if (round.victim == Side.OURS && random.nextBoolean()) {
      Thread.sleep(random.nextInt(200)); // in the middle of its resync, if it has one
      kill(Side.OURS);
      comeBack(Side.OURS);
    }
    bothUpToDate();
    demote(survivor);
    return lost;
  }

  /// Sectors that went to or came from the kernel's node.
  private long traffic() {
    return traffic(node.volume().orElseThrow());
  }

  private static long traffic(ResourceView.VolumeView volume) {
    return volume.counters().sentSectors() + volume.counters().receivedSectors();
  }

  private NbdAddress address(Side side) {
    return side == Side.OURS ? node.nbdAddress() : device.address();
  }

  private NbdAddress promote(Side side) throws IOException {
    if (side == Side.OURS) {
      node.drbdadm("primary", "r0");
    } else {
      kernel().run("drbdsetup-84 primary $MINOR");
      device.open(kernel());
    }
    return address(side);
  }

  private void demote(Side side) throws IOException {
    if (side == Side.OURS) {
      KernelPair.awaitClosed(node);
      node.drbdadm("secondary", "r0");
      kernel().run("wait_role Secondary/Secondary 10");
    } else {
      device.close(kernel());
      kernel().run("drbdsetup-84 secondary $MINOR");
      node.awaitVolume("a Secondary beside it", it -> it.peerRole().equals("Secondary"));
    }
  }

  private void kill(Side side) {
    if (side == Side.OURS) {
      node.kill();
    } else {
      kernel().cutPower();
      kernel = null;
    }
  }

  private void awaitAlone(Side side) throws IOException {
    if (side == Side.OURS) {
      node.awaitState("WFConnection", "UpToDate/DUnknown");
    } else {
      kernel().run("wait_cs WFConnection 30");
    }
  }

  private void comeBack(Side side) throws IOException {
    if (side == Side.OURS) {
      node.start();
      node.drbdadm("up", "r0");
    } else {
      kernel = boot("--no-create-md");
    }
  }

  private KernelPeer kernel() {
    return Objects.requireNonNull(kernel);
  }

  private KernelPeer boot(String... more) throws IOException {
    List<String> words = new ArrayList<>(device.options());
    words.addAll(List.of(more));
    return pair.boot(words.toArray(String[]::new));
  }

  private void bothUpToDate() throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel().run("wait_cs Connected 60");
    kernel().run("wait_ds UpToDate/UpToDate 60");
  }
}
