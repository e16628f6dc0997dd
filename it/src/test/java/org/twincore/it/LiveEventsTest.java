package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.cli.drbdsetup.Drbdsetup;
import org.twincore.host.nbd.NbdClient;

/// `drbdsetup events2 --statistics --timestamps` while the nodes change roles.
@Timeout(120)
class LiveEventsTest {
  private static final String STAMP =
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}[+-]\\d\\d:\\d\\d ";

  private static final Comparator<String> BY_STAMP =
      Comparator.comparing(line -> line.substring(0, line.indexOf(' ')));

  @TempDir Path folder;

  @Test
  void tellARoleChangeWithItsFiguresAndTimes() throws Exception {
    try (TappedPair pair = new TappedPair(folder, 16 << 20, "ping-timeout 30;")) {
      pair.makePrimary();
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
      CompletableFuture<Integer> ended =
          CompletableFuture.supplyAsync(() ->
              Drbdsetup.run(
                  new String[] {"events2", "--statistics", "--timestamps", "r0"},
                  Map.of("TWINCORE_RUN", folder.resolve("b").toString(), "TWINCORE_NODE", "b"),
                  out,
                  out));
      awaitLine(bytes, "exists -\n");
      write(pair.a, 1 << 20);
      pair.a.drbdadm("secondary", "r0");
      pair.b.drbdadm("primary", "r0");
      write(pair.b, 64 << 10);
      pair.b.drbdadm("secondary", "r0");
      pair.b.drbdadm("down", "r0");
      awaitLine(bytes, "destroy resource");
      pair.b.terminate(); // may cut off what it has not told yet
      ended.get(60, TimeUnit.SECONDS);
      List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
      assertThat(lines).allMatch(line -> line.matches(STAMP + ".*")).isSortedAccordingTo(BY_STAMP);
      List<String> told = lines.stream().map(line -> line.replaceFirst(STAMP, "")).toList();
      String peer = " name:r0 peer-node-id:0 conn-name:peer";
      assertThat(told)
          .startsWith(
              "exists resource name:r0 role:Secondary suspended:no write-ordering:flush",
              "exists connection" + peer + " connection:Connected role:Primary congested:no")
          .containsSubsequence(
              "exists -",
              "change connection" + peer + " role:Secondary",
              "change resource name:r0 role:Primary",
              "change resource name:r0 role:Secondary",
              "destroy resource name:r0");
      assertThat(lines.subList(0, told.indexOf("exists -") + 1))
          .as("one stamp for what belongs together")
          .allMatch(line -> line.startsWith(lines.getFirst().substring(0, 32)));
      assertThat(told)
          .as("1 MiB from the peer and 64 KiB of its own")
          .anyMatch(line -> line.startsWith("change device ") && line.contains(" written:1088 "));
    }
  }

  private static void awaitLine(ByteArrayOutputStream told, String part)
      throws InterruptedException {
    while (!told.toString(StandardCharsets.UTF_8).contains(part)) {
      Thread.sleep(20);
    }
  }

  private static void write(NodeProcess node, int bytes) throws IOException {
    try (NbdClient client = node.nbd()) {
      client.pwriteDurably(new byte[bytes], 0);
    }
    node.awaitVolume("no opener", it -> it.openers() == 0);
  }
}
