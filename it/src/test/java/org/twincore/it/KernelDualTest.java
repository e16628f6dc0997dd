package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.it.BlockHistory.Kind;

/// Our node and a kernel DRBD node, both Primary as `become-primary-on both` has it, write to the
/// same blocks at once, and all of it is recorded: each block is a regular register, whoever of the
/// two decides conflicts.
///
/// A true conflict may end in a reconnect, where the kernel is the node that resolves it: it never
/// finishes the epoch of a write that it has discarded (drbd-wire section 9). Both are Primary
/// then, so they part as after a split brain, which a policy settles once one of them is Secondary.
@Tag("interop")
@Tag("full")
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class KernelDualTest {
  private static final String OURS =
      "allow-two-primaries yes; ko-count 1; after-sb-0pri discard-least-changes;"
          + " after-sb-1pri discard-secondary;";
  private static final String KERNELS =
      "--allow-two-primaries=yes --ko-count=1 --after-sb-0pri=discard-least-changes"
          + " --after-sb-1pri=discard-secondary";
  private static final int ROUNDS = 3;
  private static final int REQUESTS = 60;
  private static final int CLIENTS_OF_EACH = 2;

  /// Beside the recorded blocks, for writes that overlap in part.
  private static final long SCRATCH = 64L * BlockHistory.BLOCK;

  private static final int SECTOR = 512;
  private static final int SCRATCH_SECTORS = 48;
  private static final int LENGTH_SECTORS_MAX = 24;

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static KernelDevice device;

  private final BlockHistory told = new BlockHistory();
  private long seed = Long.getLong("seed", System.nanoTime());
  private int counted;
  private int losses;
  private int conflicts;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    KernelDevice.require();
    device = new KernelDevice();
    scene = KernelScene.boot(folder, device.words());
    scene.pair.sections("startup { become-primary-on both; }");
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      Map<PacketType, Integer> packets = scene.end();
      assertThat(packets.getOrDefault(PacketType.SUPERSEDED, 0)).as("conflicts").isPositive();
      assertThat(packets.getOrDefault(PacketType.RETRY_WRITE, 0)).as("in part").isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void eachBlockIsARegularRegister(String decides) throws Exception {
    String what = "seed " + seed;
    scene.inStep("C", OURS, KERNELS);
    if (decides.equals("kernel")) {
      connectAgain(decides);
    }
    scene.node.drbdadm("sh-b-pri", "r0"); // as `service drbd start` does
    promote();
    zeroHotBlocks();
    eachReadsWhatTheOtherWrote(3);
    for (int round = 0; round < ROUNDS; round++) {
      round(decides, Kind.WRITES_AND_READS, Kind.READS);
      round(decides, Kind.READS, Kind.WRITES_AND_READS);
      round(decides, Kind.WRITES_AND_READS, Kind.WRITES_AND_READS);
    }
    assertThat(told.history().irregularity()).as(what).isEmpty();
    assertThat(counted).as(what).isGreaterThan(ROUNDS * CLIENTS_OF_EACH * REQUESTS);
    assertThat(conflicts + losses).as("conflicts, " + what).isPositive();
    // A kernel that has discarded a write may end the connection only now.
    demote();
    connectAgain(decides);
    promote();
    eachReadsWhatTheOtherWrote(5);
    demote();
    scene.assertEqual();
  }

  /// A register begins as 0.
  private static void zeroHotBlocks() throws IOException {
    try (NbdClient client = scene.node.nbdAddress().connect()) {
      client.pwrite(new byte[BlockHistory.HOT_BLOCKS * BlockHistory.BLOCK], 0);
    }
  }

  /// Clients of both at once, to their end; afterwards both are Primary and connected.
  private void round(String decides, Kind oursDo, Kind kernelsDo) throws Exception {
    scene.kernel.run("dmesg -c >/dev/null");
    for (int client = 0; client < CLIENTS_OF_EACH; client++) {
      told.start(scene.node.nbdAddress(), seed++, REQUESTS, oursDo);
      told.start(device.address(), seed++, REQUESTS, kernelsDo);
    }
    if (oursDo == kernelsDo) {
      overlapInPart();
    }
    assertThat(told.await()).isEmpty();
    String log = scene.kernelLog();
    conflicts += log.contains("Concurrent writes detected") ? 1 : 0;
    if (wereTogether(log)) {
      counted += told.keep();
    } else {
      losses++;
      told.forgetAnswers();
      demote();
      connectAgain(decides);
      promote();
    }
    told.readAll(scene.node.nbdAddress());
    told.readAll(device.address());
    told.keep();
  }

  /// Whether the connection was there all the time: all that was answered, both nodes had. The
  /// kernel's node has heard of every loss that was followed by a new connection.
  private static boolean wereTogether(String log) throws IOException {
    return !log.contains("conn(")
        && scene.kernel.run("field cs").strip().equals("Connected")
        && scene.node.volume().orElseThrow().connection().equals("Connected");
  }

  /// Writes of many lengths from both sides, of which only equal disks are asked.
  private void overlapInPart() throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers = new ArrayList<>();
      for (NbdAddress address : List.of(scene.node.nbdAddress(), device.address())) {
        long ofThis = seed++;
        Callable<Void> writer = () -> writeScratch(address, new SplittableRandom(ofThis));
        writers.add(clients.submit(writer));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
    }
  }

  private static Void writeScratch(NbdAddress address, SplittableRandom random) throws IOException {
    try (NbdClient client = address.connect()) {
      for (int i = 0; i < REQUESTS; i++) {
        byte[] bytes = new byte[SECTOR * random.nextInt(1, LENGTH_SECTORS_MAX)];
        Arrays.fill(bytes, (byte) random.nextInt());
        client.pwrite(bytes, SCRATCH + (long) SECTOR * random.nextInt(SCRATCH_SECTORS));
      }
    }
    return null;
  }

  private static void eachReadsWhatTheOtherWrote(int value) throws IOException {
    try (NbdClient ours = scene.node.nbdAddress().connect();
        NbdClient kernels = device.address().connect()) {
      for (int block = 500; block < 520; block++) {
        copies(ours, kernels, block, value);
        copies(kernels, ours, block, value + 1);
      }
    }
  }

  private static void copies(NbdClient writer, NbdClient reader, int block, int value)
      throws IOException {
    byte[] read = new byte[KernelPair.BLOCK];
    writer.pwrite(KernelPair.content(block, value), (long) block * KernelPair.BLOCK);
    reader.pread(read, (long) block * KernelPair.BLOCK);
    assertThat(Arrays.equals(read, KernelPair.content(block, value))).as("block " + block).isTrue();
  }

  private static void promote() throws IOException {
    scene.node.drbdadm("primary", "r0");
    scene.kernel.run("drbdsetup-84 primary $MINOR");
    scene.node.awaitVolume("Primary/Primary", it -> it.peerRole().equals("Primary"));
    device.open(scene.kernel);
  }

  private static void demote() throws IOException {
    KernelPair.awaitClosed(scene.node);
    scene.node.drbdadm("secondary", "r0");
    device.close(scene.kernel);
    scene.kernel.run("drbdsetup-84 secondary $MINOR");
  }

  /// Both are Secondary, perhaps after a split brain. Who is dialled decides conflicts from now on.
  private static void connectAgain(String decides) throws IOException {
    scene.node.drbdadm("disconnect", "--force", "r0");
    scene.kernel.run("peer_disconnect --force >/dev/null 2>&1; true");
    if (decides.equals("kernel")) {
      scene.kernel.run("peer_connect");
      scene.node.drbdadm("connect", "r0");
    } else {
      scene.node.drbdadm("connect", "r0");
      scene.kernel.run("peer_connect");
    }
    scene.both();
  }
}
