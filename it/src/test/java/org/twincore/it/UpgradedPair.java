package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// Two machines of a rolling upgrade, `one` and `two`, with a resource `r0` and a load of numbered
/// blocks with flushes; the steps of docs/upgrading.md.
final class UpgradedPair implements AutoCloseable {
  private static final long DISK_BYTES = 64 << 20;
  private static final int BLOCKS = 8_000;
  private static final int BLOCK_BYTES = 4096;
  private static final int WRITES = 1_500;

  final UpgradedHost one;
  final UpgradedHost two;
  final NumberedLoad load = new NumberedLoad(BLOCKS, new Random(7));
  private final Path folder;

  /// Both with that version installed; nothing runs yet.
  UpgradedPair(Path folder, Installation version) throws IOException {
    this.folder = folder;
    Path config = configure();
    one = new UpgradedHost("one", folder.resolve("n1"), config, version);
    two = new UpgradedHost("two", folder.resolve("n2"), config, version);
  }

  /// Both up and UpToDate, `one` is Primary.
  void start() throws IOException, InterruptedException {
    for (UpgradedHost host : List.of(one, two)) {
      host.drbdadm("create-md", "--force", "r0");
      host.start();
    }
    one.node.awaitState("Connected", "Inconsistent/Inconsistent");
    one.drbdadm("primary", "--force", "r0");
    awaitBothUpToDate();
  }

  @Override
  public void close() {
    one.close();
    two.close();
  }

  /// `one`, which is Primary, is killed, and comes back in that version; it is Primary again.
  void crashAndComeBack(Installation version) throws Exception {
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
  void replace(UpgradedHost host, Installation version) throws Exception {
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

  /// The application moves from one node to the other.
  void swapRoles(UpgradedHost from, UpgradedHost to) throws Exception {
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
  void endLoad(UpgradedHost primary) throws Exception {
    assertThat(load.isUndisturbed()).isTrue();
    load.end();
    assertThat(load.lost(primary.node.nbdAddress())).isEmpty();
    primary.node.awaitVolume("no opener", it -> it.openers() == 0);
  }

  /// `one` loses what it wrote alone; the undo file that is left.
  Path loseASplitBrain() throws Exception {
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

  /// Leaves a book of verifies behind.
  void verify() throws Exception {
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

  /// And that neither node met anything that it does not know.
  void assertReplicasAreEqual() throws Exception {
    awaitBothUpToDate();
    long dataBytes = one.node.volume().orElseThrow().sizeSectors() * 512;
    assertThat(sha256(disk(0), dataBytes)).isEqualTo(sha256(disk(1), dataBytes));
    one.assertHealthy();
    two.assertHealthy();
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
