package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.nbd.NbdException;

/// Everybody else's NBD clients on a replicated volume: what they wrote is at both nodes.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NbdOnNodeTest {
  private static final int DISK_BYTES = 65 << 20;
  private static final int USED_BYTES = 48 << 20;

  @TempDir static Path folder;
  private TappedPair pair;

  @BeforeAll
  void serve() throws IOException {
    pair = new TappedPair(folder, DISK_BYTES, "");
    pair.a.awaitState("Connected", "Inconsistent/Inconsistent");
    pair.a.drbdadm("primary", "--force", "r0");
    pair.a.awaitState("Connected", "UpToDate/UpToDate");
  }

  @AfterAll
  void end() throws IOException {
    pair.close();
  }

  private static String uri(NodeProcess node) {
    return "nbd+unix:///r0?socket=" + node.nbdSocket();
  }

  /// No client is left, so no write is in flight.
  private void replicasAreEqual() throws IOException {
    pair.a.awaitVolume("no opener", it -> it.openers() == 0);
    long dataBytes = pair.a.volume().orElseThrow().sizeSectors() * 512;
    long at = Files.mismatch(pair.disk("a"), pair.disk("b"));
    assertThat(at < 0 || at >= dataBytes).as("first difference at %d", at).isTrue();
  }

  @Test
  void fioVerifiesWhatItWrote() throws Exception {
    Tool.require("fio", "fio");
    String output =
        Tool.ok(
            "fio",
            "--name=verify",
            "--ioengine=nbd",
            "--uri=" + uri(pair.a),
            "--rw=randrw",
            "--bsrange=512-128k",
            "--blockalign=512",
            "--iodepth=32",
            "--size=" + USED_BYTES,
            "--io_size=32m",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--verify_state_save=0",
            "--fsync=64");
    assertThat(output).contains("err= 0");
    replicasAreEqual();
  }

  @Test
  void nbdcopyAndQemuImgCarryADisk() throws Exception {
    Tool.require("libnbd-bin", "nbdcopy", "nbdinfo");
    Tool.require("qemu-utils", "qemu-img");
    Path image = folder.resolve("image");
    byte[] bytes = new byte[USED_BYTES];
    new SplittableRandom(4).nextBytes(bytes);
    Files.write(image, bytes);
    assertThat(Tool.ok("nbdinfo", uri(pair.a)))
        .contains("can_multi_conn: true", "block_size_minimum: 512");
    Tool.ok("nbdcopy", "--connections=4", "--flush", image.toString(), uri(pair.a));
    Path back = folder.resolve("back");
    Tool.ok("nbdcopy", uri(pair.a), back.toString());
    assertThat(Files.mismatch(image, back)).isEqualTo(USED_BYTES);
    replicasAreEqual();
    Tool.ok("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), uri(pair.a));
    assertThat(Files.mismatch(image, pair.disk("b"))).isEqualTo(USED_BYTES);
    replicasAreEqual();
  }

  /// Discarded and zeroed ranges read as zeroes at both, and are holes in both files.
  @Test
  void discardsPunchHolesAtBothNodes() throws Exception {
    Tool.require("qemu-utils", "qemu-io");
    qemuIo("write -P 0xaa 0 32M", "flush");
    long full = allocatedBytes("a");
    long fullAtPeer = allocatedBytes("b");
    qemuIo(
        "discard 0 16M",
        "write -z -u 16M 8M",
        "write -z 24M 1M",
        "discard 25088k 512", // a sector: too small for a hole
        "flush",
        "read -P 0 0 25M",
        "read -P 0 25088k 512",
        "read -P 0xaa 25M 64k");
    replicasAreEqual();
    assertThat(allocatedBytes("a")).isLessThan(full - (23 << 20));
    assertThat(allocatedBytes("b")).isLessThan(fullAtPeer - (23 << 20));
  }

  private void qemuIo(String... commands) throws Exception {
    String[] words = new String[4 + 2 * commands.length];
    words[0] = "qemu-io";
    words[1] = "-f";
    words[2] = "raw";
    for (int i = 0; i < commands.length; i++) {
      words[3 + 2 * i] = "-c";
      words[4 + 2 * i] = commands[i];
    }
    words[words.length - 1] = uri(pair.a);
    assertThat(Tool.ok(words)).doesNotContain("verification failed").doesNotContain("rror");
  }

  private long allocatedBytes(String node) throws IOException, InterruptedException {
    return Long.parseLong(Tool.ok("stat", "-c", "%b", pair.disk(node).toString()).strip()) * 512;
  }

  @Test
  void aSecondaryRefusesClientsAndAPrimaryWithClientsStaysOne() throws Exception {
    assertThatThrownBy(() -> pair.b.nbd().close())
        .isInstanceOf(NbdException.class)
        .hasMessageContaining("it is Secondary on this node");
    try (NbdClient first = pair.a.nbd();
        NbdClient second =
            NbdClient.connect(UnixDomainSocketAddress.of(pair.a.nbdSocket()), "r0/0", 10_000)) {
      assertThat(second.export().sizeBytes()).isEqualTo(first.export().sizeBytes());
      pair.a.awaitVolume("two openers", it -> it.openers() == 2);
      assertThatThrownBy(() -> pair.a.drbdadm("secondary", "r0"))
          .hasMessageContaining("exit code 11")
          .hasMessageContaining("(-12) Device is held open by someone");
      first.pwriteDurably(new byte[512], 512);
    }
    pair.a.awaitVolume("no opener", it -> it.openers() == 0);
    pair.a.drbdadm("secondary", "r0");
    pair.a.drbdadm("primary", "r0");
  }
}
