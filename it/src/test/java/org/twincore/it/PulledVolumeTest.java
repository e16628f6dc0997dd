package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.ResourceView.VolumeView;

/// A resource with two volumes under load loses the disk of one of them: that one goes on over the
/// network, the other one notices nothing.
///
/// Promise kept (docs/durability.md): a write answered OK survives the loss of either disk.
@Tag("full")
@Timeout(300)
class PulledVolumeTest {
  private static final int DISK_BYTES = 16 << 20;
  private static final int BLOCKS = 2_000;

  @TempDir Path folder;
  private TwoNodes nodes;
  private NodeProcess one;
  private NodeProcess two;

  @BeforeEach
  void connect() throws IOException {
    nodes =
        new TwoNodes(
            folder,
            DISK_BYTES,
            """
            resource r0 {
              disk { resync-rate 100M; c-fill-target 8M; }
              net { ping-timeout 30; }
              on one {
                address 127.0.0.1:PORT1;
                volume 0 { device /dev/drbd0; disk FOLDER/one.0; meta-disk internal; }
                volume 1 { device /dev/drbd1; disk FOLDER/one.1; meta-disk internal; }
              }
              on two {
                address 127.0.0.1:PORT2;
                volume 0 { device /dev/drbd2; disk FOLDER/two.0; meta-disk internal; }
                volume 1 { device /dev/drbd3; disk FOLDER/two.1; meta-disk internal; }
              }
            }
            """);
    one = nodes.one;
    two = nodes.two;
  }

  @AfterEach
  void end() {
    nodes.close();
  }

  private Path disk(String node, int volume) {
    return folder.resolve(node + "." + volume);
  }

  /// The disk is the Primary's own.
  @Test
  void theOtherVolumeNoticesNothing() throws Exception {
    try (Enclosure enclosure = Enclosure.around(disk("two", 1))) {
      one.drbdadm("up", "r0");
      two.drbdadm("up", "r0");
      two.awaitAll(2, "Connected", it -> it.connection().equals("Connected"));
      two.drbdadm("primary", "--force", "r0");
      two.awaitAll(2, "synced", it -> it.peerDisk().equals("UpToDate"));
      two.ignoreLogSoFar();
      List<NumberedLoad> loads =
          List.of(new NumberedLoad(BLOCKS, new Random(1)), new NumberedLoad(BLOCKS, new Random(2)));
      for (int volume = 0; volume < 2; volume++) {
        loads.get(volume).begin(address(volume));
      }
      awaitMore(loads);
      enclosure.pull();
      two.awaitAll(1, "one volume Diskless", it -> isVolume(it, 1, "Diskless", "UpToDate"));
      one.awaitAll(1, "the same of its peer", it -> isVolume(it, 1, "UpToDate", "Diskless"));
      awaitMore(loads);
      two.awaitAll(1, "the other as before", it -> isVolume(it, 0, "UpToDate", "UpToDate"));
      assertThat(two.drbdadm("dstate", "r0")).isEqualTo("UpToDate/UpToDate\nDiskless/UpToDate\n");
      assertThat(two.newLog()).doesNotContain("volume=0 state=");

      enclosure.remove();
      TwoNodes.makeEmpty(disk("two", 1), DISK_BYTES);
      two.drbdadm("create-md", "--force", "r0/1");
      two.drbdadm("attach", "r0/1");
      two.awaitAll(2, "both again", it -> it.disk().equals("UpToDate"));
      awaitMore(loads);
      for (int volume = 0; volume < 2; volume++) {
        assertThat(loads.get(volume).isUndisturbed()).isTrue();
        loads.get(volume).end();
        assertThat(loads.get(volume).lost(address(volume))).isEmpty();
      }
      two.awaitAll(2, "no opener", it -> it.openers() == 0);
      long dataBytes = two.volume().orElseThrow().sizeSectors() * 512;
      for (int volume = 0; volume < 2; volume++) {
        long at = Files.mismatch(disk("one", volume), disk("two", volume));
        assertThat(at < 0 || at >= dataBytes).as("volume %d differs at %d", volume, at).isTrue();
      }
    }
  }

  private static boolean isVolume(VolumeView view, int volume, String disk, String peers) {
    return view.volume() == volume
        && view.connection().equals("Connected")
        && view.disk().equals(disk)
        && view.peerDisk().equals(peers);
  }

  private NbdAddress address(int volume) {
    return NbdAddress.unix(two.nbdSocket(), volume == 0 ? "r0" : "r0/" + volume);
  }

  private static void awaitMore(List<NumberedLoad> loads) throws InterruptedException {
    for (NumberedLoad load : loads) {
      load.awaitWrites(100);
    }
  }
}
