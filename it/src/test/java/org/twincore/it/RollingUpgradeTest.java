package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// Two nodes go from an earlier version to this one and back, one after the other, under load, as
/// docs/upgrading.md tells it; the packages are replaced below the running nodes.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives, whichever versions
/// the two nodes have in that moment.
@Tag("full")
@ParameterizedClass
@ValueSource(strings = {RollingUpgradeTest.FIRST, RollingUpgradeTest.LAST})
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class RollingUpgradeTest {
  /// Before it: no undo, no books of verifies, no memory of disks, no `why`, `repair`, `resize`.
  static final String FIRST = "ca77d30";

  /// The last one before the admin socket told the version of its language.
  static final String LAST = "24f795f";

  private static final long DISK_BYTES = 64 << 20;
  private static final int BLOCKS = 8_000;
  private static final int BLOCK_BYTES = 4096;
  private static final int WRITES = 1_500;
  private static final Map<String, Installation> BUILT = new TreeMap<>();

  @TempDir private static Path shared;

  @TempDir private Path folder;
  private final NumberedLoad load = new NumberedLoad(BLOCKS, new Random(7));
  private Installation before;
  private Installation now;
  private final List<UpgradedHost> hosts = new ArrayList<>();
  private final String commit;
  private UpgradedHost one;
  private UpgradedHost two;

  RollingUpgradeTest(String commit) {
    this.commit = commit;
  }

  @BeforeEach
  void makeHosts() throws IOException, InterruptedException {
    before = built(commit);
    now = built("");
    Path config = configure();
    one = new UpgradedHost("one", folder.resolve("n1"), config, before);
    two = new UpgradedHost("two", folder.resolve("n2"), config, before);
    hosts.addAll(List.of(one, two));
    for (UpgradedHost host : hosts) {
      host.drbdadm("create-md", "--force", "r0");
      host.start();
    }
    one.node.awaitState("Connected", "Inconsistent/Inconsistent");
    one.drbdadm("primary", "--force", "r0");
    awaitBothUpToDate();
  }

  /// Each version once for all tests; the empty word is this one.
  private static Installation built(String commit) throws IOException, InterruptedException {
    Installation made = BUILT.get(commit);
    if (made == null) {
      Path place = shared.resolve("version-" + commit);
      made = commit.isEmpty() ? Installation.current(place) : EarlierVersion.build(commit, place);
      BUILT.put(commit, made);
    }
    return made;
  }

  @AfterEach
  void endHosts() {
    hosts.forEach(UpgradedHost::close);
  }

  @Test
  void nothingIsLostOnTheWayToThisVersionAndBack() throws Exception {
    load.begin(one.node.nbdAddress());
    replace(two, now);
    swapRoles(one, two);
    replace(one, now);
    endLoad(two);
    Path undo = loseASplitBrain();
    verify();

    load.begin(two.node.nbdAddress());
    replace(one, before);
    swapRoles(two, one);
    replace(two, before);
    endLoad(one);

    replace(one, now);
    assertThat(one.drbdadm("undo-split-brain", "r0")).contains(undo.toString(), "complete at");
    assertReplicasAreEqual();
    one.assertHealthy();
    two.assertHealthy();
  }

  /// The metadata of a Primary that crashed is in the middle of everything: an activity log with
  /// hot extents, bits that are marked.
  @Test
  void aCrashedPrimaryComesBackInTheOtherVersion() throws Exception {
    crashAndComeBack(now);
    crashAndComeBack(before);
    assertReplicasAreEqual();
    one.assertHealthy();
    two.assertHealthy();
  }

  private void crashAndComeBack(Installation version) throws Exception {
    load.begin(one.node.nbdAddress());
    load.awaitWrites(WRITES);
    one.install(version);
    one.node.kill();
    load.end();
    two.drbdadm("primary", "r0");
    assertThat(load.lost(two.node.nbdAddress())).isEmpty();
    load.begin(two.node.nbdAddress());
    load.awaitWrites(WRITES);
    one.start();
    awaitBothUpToDate();
    endLoad(two);
    swapIdle(two, one);
  }

  /// The other node's load goes on meanwhile.
  private void replace(UpgradedHost host, Installation version) throws Exception {
    boolean isLoaded = load.isUndisturbed();
    awaitWrites(isLoaded);
    host.install(version);
    SpokenAcross.assertAnswers(host);
    awaitWrites(isLoaded);
    host.stop();
    awaitWrites(isLoaded);
    host.start();
    awaitBothUpToDate();
    awaitWrites(isLoaded);
  }

  private void awaitWrites(boolean isLoaded) throws InterruptedException {
    if (isLoaded) {
      load.awaitWrites(WRITES);
      assertThat(load.isUndisturbed()).isTrue();
    }
  }

  private void swapRoles(UpgradedHost from, UpgradedHost to) throws Exception {
    load.end();
    swapIdle(from, to);
    assertThat(load.lost(to.node.nbdAddress())).isEmpty();
    load.begin(to.node.nbdAddress());
    load.awaitWrites(WRITES);
  }

  private static void swapIdle(UpgradedHost from, UpgradedHost to) throws Exception {
    from.node.awaitVolume("no opener", it -> it.openers() == 0);
    from.drbdadm("secondary", "r0");
    to.node.awaitVolume("a Secondary beside it", it -> it.peerRole().equals("Secondary"));
    to.drbdadm("primary", "r0");
  }

  /// What was answered is read at `primary`, over another connection.
  private void endLoad(UpgradedHost primary) throws Exception {
    assertThat(load.isUndisturbed()).isTrue();
    load.end();
    assertThat(load.lost(primary.node.nbdAddress())).isEmpty();
    primary.node.awaitVolume("no opener", it -> it.openers() == 0);
  }

  /// `one` loses what it wrote alone; the undo file that is left.
  private Path loseASplitBrain() throws Exception {
    one.drbdadm("disconnect", "r0");
    two.node.awaitVolume("alone", it -> !it.connection().equals("Connected"));
    two.drbdadm("disconnect", "r0");
    one.drbdadm("primary", "r0");
    try (NbdClient client = one.node.nbd()) {
      byte[] lost = new byte[64 * BLOCK_BYTES];
      Arrays.fill(lost, (byte) 0x55);
      client.pwriteDurably(lost, 0);
    }
    one.node.awaitVolume("no opener", it -> it.openers() == 0);
    one.drbdadm("secondary", "r0");
    load.begin(two.node.nbdAddress());
    load.awaitWrites(WRITES);
    two.drbdadm("connect", "r0");
    one.drbdadm("connect", "--discard-my-data", "r0");
    awaitBothUpToDate();
    endLoad(two);
    try (var files = Files.list(one.state.resolve("one.undo"))) {
      return files.findFirst().orElseThrow();
    }
  }

  private void verify() throws Exception {
    Path book = one.state.resolve("one").resolve("verify-r0.json");
    one.drbdadm("verify", "r0");
    one.node.awaitVolume("its book", it -> Files.exists(book) && it.progress().isEmpty());
    one.node.awaitState("Connected", "UpToDate/UpToDate");
    assertThat(one.drbdadm("verify-report", "r0")).contains("r0");
  }

  private void awaitBothUpToDate() throws IOException {
    one.node.awaitState("Connected", "UpToDate/UpToDate");
    two.node.awaitState("Connected", "UpToDate/UpToDate");
  }

  private void assertReplicasAreEqual() throws Exception {
    awaitBothUpToDate();
    long dataBytes = one.node.volume().orElseThrow().sizeSectors() * 512;
    assertThat(sha256(disk(0), dataBytes)).isEqualTo(sha256(disk(1), dataBytes));
  }

  private static String sha256(Path disk, long bytes) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (FileChannel channel = FileChannel.open(disk)) {
      digest.update(channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes));
    }
    return HexFormat.of().formatHex(digest.digest());
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
                + "  net { ping-timeout 30; max-buffers 8000; verify-alg crc32c; }\n");
    for (int side = 0; side < 2; side++) {
      try (RandomAccessFile file = new RandomAccessFile(disk(side).toFile(), "rw")) {
        file.setLength(DISK_BYTES);
      }
      text.append(
          "  on %s { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }%n"
              .formatted(side == 0 ? "one" : "two", disk(side), ports.get(side)));
    }
    return Files.writeString(folder.resolve("drbd.conf"), text.append("}\n").toString());
  }
}
