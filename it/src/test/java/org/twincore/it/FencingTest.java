package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;

/// Two real nodes with `fencing resource-and-stonith` and a shell program as `fence-peer`.
///
/// Promise: no write is answered after the loss of the peer before the program has said what became
/// of it.
@Timeout(120)
class FencingTest {
  private static final int DISK_BYTES = 4 << 20;

  @TempDir Path folder;
  private TwoNodes nodes;
  private NodeProcess one;
  private NodeProcess two;

  @BeforeEach
  void connect() throws IOException {
    // Says what it was told, then waits for the file that tells it how to end; it may outlive its
    // node, not this test.
    Files.writeString(
        folder.resolve("fence"),
        """
        echo "$DRBD_RESOURCE $DRBD_MINOR $DRBD_PEER $DRBD_PEER_AF $DRBD_PEER_ADDRESS" >>%s/called
        while [ ! -e %s/verdict ] && [ -e %s/called ]; do sleep 0.05; done
        exit $(cat %s/verdict)
        """
            .formatted(folder, folder, folder, folder));
    nodes =
        new TwoNodes(
                folder,
                DISK_BYTES,
                """
                resource r0 {
                  disk { fencing resource-and-stonith; resync-rate 100M; }
                  handlers {
                    fence-peer "sh FOLDER/fence";
                    unfence-peer "echo let go >>FOLDER/unfenced";
                  }
                  on one { device /dev/drbd0; disk FOLDER/one.disk; address 127.0.0.1:PORT1; meta-disk internal; }
                  on two { device /dev/drbd1; disk FOLDER/two.disk; address 127.0.0.1:PORT2; meta-disk internal; }
                }
                """)
            .up();
    one = nodes.one;
    two = nodes.two;
    one.awaitState("Connected", "Inconsistent/Inconsistent");
    one.drbdadm("primary", "--force", "r0");
    one.awaitState("Connected", "UpToDate/UpToDate");
    awaitUnfenced(1); // after the first sync
  }

  @AfterEach
  void end() {
    nodes.close();
  }

  private void awaitUnfenced(int times) throws IOException {
    Path file = folder.resolve("unfenced");
    for (int tries = 0; tries < 200; tries++) {
      if (Files.exists(file) && Files.readAllLines(file).size() == times) {
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    throw new AssertionError("unfence-peer was not called " + times + " times");
  }

  private void say(int exitCode) throws IOException {
    Files.writeString(folder.resolve("verdict"), Integer.toString(exitCode));
  }

  @Test
  void aWriteWaitsForTheFence() throws Exception {
    two.kill();
    one.awaitVolume("frozen", it -> it.suspension().fencing());
    try (NbdClient client = one.nbd()) {
      CompletableFuture<Void> write =
          CompletableFuture.runAsync(() -> {
            try {
              client.pwriteDurably(new byte[4096], 4096);
            } catch (IOException failed) {
              throw new UncheckedIOException(failed);
            }
          });
      Thread.sleep(500); // nothing shows that a write waits, but that it is not answered
      assertThat(write).isNotDone();
      assertThat(Files.readString(folder.resolve("called"))).isEqualTo("r0 0 two ipv4 127.0.0.1\n");
      say(7);
      write.get(10, TimeUnit.SECONDS);
    }
    one.awaitState("WFConnection", "UpToDate/Outdated");
    two.start();
    two.drbdadm("up", "r0");
    one.awaitState("Connected", "UpToDate/UpToDate");
    awaitUnfenced(2);
  }

  @Test
  void aTakeoverThatCannotFenceIsRefused() throws Exception {
    one.kill();
    two.awaitVolume("alone", it -> !it.connection().equals("Connected"));
    say(6);
    assertThatThrownBy(() -> two.drbdadm("primary", "r0"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("exit code 17");
    two.awaitVolume("Outdated", it -> it.disk().equals("Outdated"));
  }
}
