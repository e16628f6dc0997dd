package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.testkit.RegisterHistory;

/// Two real nodes, both Primary, each with clients of its own (docs/durability.md, "Two
/// Primaries").
class DualPrimaryTest {
  private static final int DISK_BYTES = 16 << 20;
  private static final int CLIENTS = 3;

  /// Of a million requests: what Wireshark makes of all of it would not fit into memory.
  private static final long CAPTURE_BYTES = 48 << 20;

  private static final String BOTH = "allow-two-primaries yes; ping-timeout 30;";

  @TempDir Path folder;

  private TappedPair bothPrimary() throws IOException {
    TappedPair pair = new TappedPair(folder, DISK_BYTES, BOTH);
    pair.makeBothPrimary();
    return pair;
  }

  private TappedPair onePrimary(String net) throws IOException {
    TappedPair pair = new TappedPair(folder, DISK_BYTES, net);
    pair.makePrimary();
    return pair;
  }

  private void linearizable(int requestsOfEach) throws Exception {
    TappedPair pair = bothPrimary();
    pair.limitCapture(CAPTURE_BYTES);
    try (pair) {
      BlockHistory told = new BlockHistory();
      for (int client = 0; client < CLIENTS; client++) {
        told.start(pair.a, 2 * client, requestsOfEach);
        told.start(pair.b, 2 * client + 1, requestsOfEach);
      }
      assertThat(told.await()).isEmpty();
      RegisterHistory history = told.history();
      assertThat(history.operations()).isEqualTo(2L * CLIENTS * requestsOfEach);
      assertThat(history.nonlinearity()).isEmpty();
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      pair.assertReplicasAreEqual();
    }
    Map<PacketType, Integer> packets = Dissection.check(pair.capture());
    assertThat(packets.get(PacketType.PROTOCOL)).as("one connection").isEqualTo(2);
    assertThat(packets.getOrDefault(PacketType.SUPERSEDED, 0)).as("conflicts").isPositive();
  }

  @Test
  @Timeout(120)
  void whatClientsOfBothSeeIsLinearizable() throws Exception {
    linearizable(1_000);
  }

  @Tag("full")
  @Test
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void aMillionRequestsOfBothAreLinearizable() throws Exception {
    linearizable(170_000);
  }

  /// The survivor serves on, and what was answered stays; the other one comes back as it is told.
  @Test
  @Timeout(180)
  void theSurvivorOfAKillGoesOnWithOneOrder() throws Exception {
    try (TappedPair pair = bothPrimary()) {
      BlockHistory told = new BlockHistory();
      for (int client = 0; client < CLIENTS; client++) {
        told.start(pair.a, 100 + client, 1_500);
        told.start(pair.b, 200 + client, 1_000_000);
      }
      Thread.sleep(1_000); // somewhere in the load
      pair.b.kill();
      assertThat(told.await()).as("the clients of the killed node").hasSize(CLIENTS);
      pair.b.start();
      pair.b.drbdadm("up", "r0");
      pair.b.awaitState("Connected", "UpToDate/UpToDate");
      pair.b.drbdadm("primary", "r0");
      for (int client = 0; client < CLIENTS; client++) {
        told.start(pair.a, 300 + client, 200);
        told.start(pair.b, 400 + client, 200);
      }
      assertThat(told.await()).hasSize(CLIENTS);
      assertThat(told.history().nonlinearity()).isEmpty();
      pair.assertReplicasAreEqual();
    }
  }

  /// The window of a live migration: the target is open, reads and writes before the source has
  /// flushed for the last time and closed.
  @Test
  @Timeout(120)
  void bothSidesOfALiveMigrationAreOpenForAMoment() throws Exception {
    byte[] one = content(1);
    byte[] two = content(2);
    byte[] read = new byte[one.length];
    try (TappedPair pair = onePrimary(BOTH)) {
      try (NbdClient source = pair.a.nbd()) {
        source.pwrite(one, 0);
        pair.b.drbdadm("primary", "r0");
        try (NbdClient target = pair.b.nbd()) {
          target.pread(read, 0);
          assertThat(Arrays.equals(read, one)).isTrue();
          target.pwrite(two, 4096);
          source.pwrite(two, 8192);
          source.flush();
          target.pread(read, 8192);
          assertThat(Arrays.equals(read, two)).isTrue();
        }
      }
      pair.a.awaitVolume("no opener", it -> it.openers() == 0);
      pair.a.drbdadm("secondary", "r0");
      pair.assertReplicasAreEqual();
    }
  }

  @Test
  @Timeout(120)
  void withOnePrimaryTheTargetOfAMigrationIsRefused() throws Exception {
    try (TappedPair pair = onePrimary("ping-timeout 30;");
        NbdClient source = pair.a.nbd()) {
      source.pwrite(content(1), 0);
      assertThatThrownBy(() -> pair.b.drbdadm("primary", "r0")).hasMessageContaining("(-1)");
      assertThatThrownBy(() -> pair.b.nbd().close()).hasMessageContaining("Secondary");
      source.flush();
    }
  }

  private static byte[] content(int value) {
    byte[] bytes = new byte[4096];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
