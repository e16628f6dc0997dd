package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `drbdadm split-brain` on two real nodes that wrote alone.
@Timeout(120)
class SplitBrainDossierTest {
  @TempDir Path folder;

  @Test
  void tellsWhoWasPrimaryAndWhoseChangesOverlap() throws Exception {
    try (TappedPair pair = new TappedPair(folder, 16 << 20, "ping-timeout 30;")) {
      pair.makePrimary();
      assertThat(pair.a.drbdadm("split-brain", "r0")).contains("no split brain");
      pair.b.drbdadm("disconnect", "--force", "r0");
      KernelPair.write(pair.a, 100, 5, 1);
      pair.a.drbdadm("secondary", "r0");
      pair.b.drbdadm("primary", "r0");
      KernelPair.write(pair.b, 103, 4, 2);
      pair.b.drbdadm("connect", "r0");
      pair.b.awaitVolume("apart", it -> it.connection().equals("StandAlone"));
      pair.a.awaitVolume("apart", it -> it.connection().equals("StandAlone"));

      Path beta = folder.resolve("b.json");
      Files.writeString(beta, pair.b.drbdadm("split-brain", "--json", "r0"));
      String told = pair.a.drbdadm("split-brain", "--with=" + beta, "r0");
      assertThat(told)
          .contains("r0/0: split brain, open, met 2")
          .contains("here a: Secondary, 20 KiB changed alone")
          .contains("there b: Primary, 16 KiB changed alone")
          .contains("a Primary, b ")
          .contains("marked here now: 20 KiB, blocks 100-104")
          .contains("marked there: 16 KiB, blocks 103-106")
          .contains("marked at both: 8 KiB, blocks 103-104")
          .contains("after-sb-0pri discard-least-changes: a's")
          .contains("after-sb-1pri discard-secondary: b's")
          .contains("after-sb-1pri disconnect: both stay apart");
      refuses(pair, "{", "no JSON");
      refuses(pair, pair.a.drbdadm("split-brain", "--json", "r0"), "found a of r0/0");

      pair.a.drbdadm("connect", "--discard-my-data", "r0");
      pair.b.drbdadm("connect", "r0");
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(pair.a.drbdadm("split-brain", "r0")).contains("split brain, settled");
    }
  }

  private void refuses(TappedPair pair, String json, String why) throws IOException {
    Path file = Files.writeString(folder.resolve("other.json"), json);
    assertThatThrownBy(() -> pair.a.drbdadm("split-brain", "--with=" + file, "r0"))
        .hasMessageContaining(why);
  }
}
