package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.ResourceView;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// 64 resources at once on two nodes, one of them with 16 volumes, half over IPv4 and half over
/// IPv6.
class ManyResourcesTest {
  private static final int RESOURCES = 64;
  private static final int VOLUMES_OF_FIRST = 16;
  private static final int DISK_BYTES = 1 << 20;

  @TempDir private Path folder;

  @Test
  void syncsThemAllAndGoesOnAtTheOtherNode() throws IOException {
    Path config = folder.resolve("drbd.conf");
    Files.writeString(config, config());
    int volumes = RESOURCES - 1 + VOLUMES_OF_FIRST;
    try (NodeProcess one = new NodeProcess("one", folder.resolve("n1"), config);
        NodeProcess two = new NodeProcess("two", folder.resolve("n2"), config)) {
      for (NodeProcess node : List.of(one, two)) {
        node.drbdadm("create-md", "all");
        node.start();
        node.drbdadm("up", "all");
      }
      one.awaitAll(volumes, "all connected", it -> it.connection().equals("Connected"));
      one.drbdadm("primary", "--force", "all");
      two.awaitAll(volumes, "all synced", ManyResourcesTest::isUpToDate);
      one.awaitAll(volumes, "all synced", ManyResourcesTest::isUpToDate);
      byte[] written = new byte[4096];
      written[7] = 42;
      for (String export : List.of("r0", "r0/15", "r1", "r63")) {
        try (NbdClient client = nbd(one, export)) {
          client.pwrite(written, 8192);
        }
      }
      one.kill();
      two.awaitAll(volumes, "all alone", it -> it.connection().equals("WFConnection"));
      two.drbdadm("primary", "all");
      for (String export : List.of("r0", "r0/15", "r1", "r63")) {
        byte[] read = new byte[4096];
        try (NbdClient client = nbd(two, export)) {
          client.pread(read, 8192);
        }
        assertThat(read).as(export).isEqualTo(written);
      }
    }
  }

  private static boolean isUpToDate(ResourceView.VolumeView volume) {
    return volume.connection().equals("Connected")
        && volume.disk().equals("UpToDate")
        && volume.peerDisk().equals("UpToDate");
  }

  private static NbdClient nbd(NodeProcess node, String export) throws IOException {
    return NbdClient.connect(UnixDomainSocketAddress.of(node.nbdSocket()), export, 10_000);
  }

  private String config() throws IOException {
    List<Integer> ports = FreePorts.find(2 * RESOURCES);
    StringBuilder text = new StringBuilder();
    int minor = 0;
    for (int resource = 0; resource < RESOURCES; resource++) {
      int volumes = resource == 0 ? VOLUMES_OF_FIRST : 1;
      text.append("resource r").append(resource).append(" {\n");
      text.append("  disk { resync-rate 100M; c-fill-target 1M; }\n  net { ping-timeout 50; }\n");
      for (int side = 0; side < 2; side++) {
        text.append("  on ").append(side == 0 ? "one" : "two").append(" {\n");
        text.append("    address ")
            .append(resource % 2 == 0 ? "127.0.0.1" : "ipv6 [::1]")
            .append(':')
            .append(ports.get(2 * resource + side))
            .append(";\n");
        for (int volume = 0; volume < volumes; volume++) {
          text.append(
              "    volume %d { device /dev/drbd%d; disk %s; meta-disk internal; }%n"
                  .formatted(volume, minor + volume, disk(side, resource, volume)));
        }
        text.append("  }\n");
      }
      text.append("}\n");
      minor += volumes;
    }
    return text.toString();
  }

  private Path disk(int side, int resource, int volume) throws IOException {
    Path disk = folder.resolve("disk-" + side + "-" + resource + "-" + volume);
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    return disk;
  }
}
