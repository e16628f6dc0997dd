package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// SIGTERM while the other machine hangs and a write waits for it: an orderly end all the same.
class NodeStopTest {
  @TempDir private Path folder;

  private Path configured() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    for (String name : List.of("one", "two")) {
      try (RandomAccessFile disk =
          new RandomAccessFile(folder.resolve(name + ".img").toFile(), "rw")) {
        disk.setLength(8 << 20);
      }
    }
    return Files.writeString(
        folder.resolve("drbd.conf"),
        """
        resource r0 {
          on one { device /dev/drbd0; disk %s/one.img; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd0; disk %s/two.img; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(folder, ports.get(0), folder, ports.get(1)));
  }

  @Test
  void endsInOrderWhileAWriteWaitsForAPeerThatHangs() throws Exception {
    Path config = configured();
    try (NodeProcess one = new NodeProcess("one", folder.resolve("node-one"), config);
        NodeProcess two = new NodeProcess("two", folder.resolve("node-two"), config)) {
      for (NodeProcess node : List.of(one, two)) {
        node.start();
        node.drbdadm("create-md", "r0");
        node.drbdadm("up", "r0");
      }
      one.drbdadm("primary", "--force", "r0");
      one.awaitState("Connected", "UpToDate/UpToDate");
      try (NbdClient client = one.nbd()) {
        two.signal("STOP");
        CompletableFuture<Boolean> answered = new CompletableFuture<>();
        client.pwriteAsync(new byte[4096], 0, 4096, 0, false, _ -> answered.complete(true));
        one.awaitVolume("the write", it -> it.openers() == 1);

        assertThat(one.terminate()).as(Files.readString(one.log())).isZero();
        client.abort();
        assertThat(answered.get(20, TimeUnit.SECONDS)).isTrue();
      } finally {
        two.signal("CONT");
      }
      assertThat(Files.readString(one.log())).doesNotContain("not cleanly");
    }
  }
}
