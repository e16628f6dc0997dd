package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Year;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// The wall clock of one node jumps by ten years, to and fro, as after a dead battery or a wrong
/// NTP server: nothing times out, nothing waits for the old time to come again.
///
/// The jumps are those of libfaketime inside the one process.
@Timeout(120)
class ClockJumpTest {
  private static final String FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
  private static final int DISK_BYTES = 8 << 20;

  @TempDir Path folder;
  private NodeProcess one;
  private NodeProcess two;

  @BeforeEach
  void connect() throws IOException {
    Tool.require("faketime", FAKETIME);
    setClock("+0");
    Path config = config();
    one = node("one", config);
    one.startBehind(
        "env",
        "LD_PRELOAD=" + FAKETIME,
        "FAKETIME_TIMESTAMP_FILE=" + clock(),
        "FAKETIME_NO_CACHE=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1");
    two = node("two", config);
    for (NodeProcess node : List.of(one, two)) {
      node.start();
      node.drbdadm("create-md", "r0");
      node.drbdadm("up", "r0");
    }
    one.awaitState("Connected", "Inconsistent/Inconsistent");
    one.drbdadm("primary", "--force", "r0");
    one.awaitState("Connected", "UpToDate/UpToDate");
  }

  @AfterEach
  void end() {
    one.close();
    two.close();
  }

  @Test
  void writesGoOnAndTheConnectionStays() throws Exception {
    List<String> saidBefore = Files.readAllLines(two.log());
    int block = 0;
    try (NbdClient client = one.nbd()) {
      for (String jump : List.of("+3650d", "-3650d", "+0")) {
        setClock(jump);
        // Longer than any timeout of a connection.
        for (int i = 0; i < 30; i++) {
          client.pwriteDurably(block(++block), block * 4096L);
          Thread.sleep(100); // spreads the writes over three seconds of the steady clock
        }
        one.awaitState("Connected", "UpToDate/UpToDate");
      }
    }
    assertThat(Files.readAllLines(two.log())).as("the other saw nothing").isEqualTo(saidBefore);
    assertEqualDisks();
  }

  /// A peer that comes back while the clock is in the past is found at once.
  @Test
  void aPeerComesBackInThePast() throws Exception {
    setClock("-3650d");
    two.drbdadm("disconnect", "r0");
    one.awaitLog(Year.now().minusYears(10) + "-");
    one.awaitVolume("no peer", it -> !it.connection().equals("Connected"));
    try (NbdClient client = one.nbd()) {
      client.pwriteDurably(block(1), 0);
    }
    two.drbdadm("connect", "r0");
    one.awaitState("Connected", "UpToDate/UpToDate");
    assertEqualDisks();
    assertThat(one.terminate()).isZero();
  }

  private void assertEqualDisks() throws IOException {
    byte[] here = Files.readAllBytes(disk("one"));
    byte[] there = Files.readAllBytes(disk("two"));
    int dataBytes = DISK_BYTES - (1 << 20);
    assertThat(Arrays.mismatch(here, 0, dataBytes, there, 0, dataBytes)).isEqualTo(-1);
  }

  private static byte[] block(int number) {
    byte[] bytes = new byte[4096];
    Arrays.fill(bytes, (byte) number);
    return bytes;
  }

  private Path clock() {
    return folder.resolve("clock");
  }

  private void setClock(String offset) throws IOException {
    Files.writeString(clock(), offset + "\n");
  }

  private Path disk(String name) {
    return folder.resolve(name + ".disk");
  }

  private Path config() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    return Files.writeString(
        folder.resolve("drbd.conf"),
        """
        resource r0 {
          disk { resync-rate 100M; }
          on one { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd1; disk %s; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(disk("one"), ports.get(0), disk("two"), ports.get(1)));
  }

  private NodeProcess node(String name, Path config) throws IOException {
    try (RandomAccessFile made = new RandomAccessFile(disk(name).toFile(), "rw")) {
      made.setLength(DISK_BYTES);
    }
    return new NodeProcess(name, folder.resolve(name), config);
  }
}
