package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.nbd.ZeroMode;
import org.twincore.testkit.Gen;
import org.twincore.testkit.Prng;

/// What two real nodes say to each other over TCP is well-formed in Wireshark's eyes, whatever they
/// do.
@Timeout(120)
final class TrafficTest {
  private static final int DISK_BYTES = 8 << 20;

  @TempDir Path folder;

  @Test
  void syncsWritesDiscardsCutsAndRolesAreWellFormed() throws Exception {
    Tool.require("tshark", "tshark");
    byte[] data = Gen.of(new Prng(5)).bytes(1 << 20);
    TappedPair pair =
        new TappedPair(folder, DISK_BYTES, "cram-hmac-alg sha1; shared-secret s3cr3t;");
    try (pair) {
      pair.a.awaitState("Connected", "Inconsistent/Inconsistent");
      pair.a.drbdadm("primary", "--force", "r0");
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      try (NbdClient client = pair.a.nbd()) {
        client.pwrite(data, 1 << 20);
        client.pwrite(Arrays.copyOf(data, 512), 512);
        client.trim(1 << 20, 64 << 10);
        client.writeZeroes(3 << 20, 64 << 10, ZeroMode.NO_HOLE);
        client.flush();
        pair.cut();
        client.pwrite(Arrays.copyOf(data, 8192), 5 << 20);
        client.flush();
      }
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      pair.a.awaitVolume("no opener", it -> it.openers() == 0);
      pair.a.drbdadm("secondary", "r0");
      pair.b.awaitVolume("a Secondary as its peer", it -> it.peerRole().equals("Secondary"));
      pair.b.drbdadm("primary", "r0");
      try (NbdClient client = pair.b.nbd()) {
        client.pwrite(data, 2 << 20);
        byte[] back = new byte[8192];
        client.pread(back, 5 << 20);
        assertThat(back).isEqualTo(Arrays.copyOf(data, 8192));
      }
      pair.b.awaitVolume("no opener", it -> it.openers() == 0);
      pair.b.drbdadm("secondary", "r0");
      pair.b.drbdadm("disconnect", "r0");
    }
    assertThat(Files.mismatch(pair.disk("a"), pair.disk("b")))
        .isGreaterThan(DISK_BYTES - (256 << 10));
    assertThat(Dissection.check(pair.capture()).keySet())
        .contains(
            PacketType.AUTH_RESPONSE,
            PacketType.COMPRESSED_BITMAP,
            PacketType.SYNC_UUID,
            PacketType.RS_DATA_REPLY,
            PacketType.RS_WRITE_ACK,
            PacketType.DATA,
            PacketType.TRIM,
            PacketType.ZEROES,
            PacketType.WRITE_ACK,
            PacketType.BARRIER_ACK,
            PacketType.STATE_CHG_REPLY,
            PacketType.CONN_ST_CHG_REPLY);
  }
}
