package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Debian's scripts that fence the peer, called by a node that is promoted alone.
@Tag("full")
@Timeout(300)
class DebianFencingTest {
  @TempDir Path folder;

  @BeforeEach
  void needsTheScripts() {
    Tool.require("drbd-utils", DebianPair.SCRIPTS.resolve("outdate-peer.sh").toString());
  }

  private static String fencedBy(String program) {
    return "disk { fencing resource-only; }\nhandlers { fence-peer \"" + program + "\"; }\n";
  }

  /// Both are UpToDate and Secondary, and `one` has given its peer up.
  private static void part(DebianPair pair) throws IOException {
    pair.sync();
    pair.one.drbdadm("secondary", "r0");
    pair.one.drbdadm("disconnect", "--force", "r0");
    pair.two.awaitVolume("alone", it -> it.connection().equals("WFConnection"));
  }

  /// `ssh` leads to the other node, as an address of it would.
  @Test
  void outdatePeerTellsTheOtherNodeByAnotherWay() throws Exception {
    String own = Tool.ok("uname", "-n").strip();
    String script =
        DebianPair.SCRIPTS + "/outdate-peer.sh on " + own + " 10.0.0.1 on other 10.0.0.2";
    try (DebianPair pair = new DebianPair(folder, fencedBy(script))) {
      Path done = folder.resolve("done");
      pair.program(
          "ssh",
          """
          %s
          shift
          TWINCORE_NODE=two TWINCORE_RUN=%s "$@"
          code=$?
          echo >%s
          exit $code
          """
              .formatted(pair.noting("ssh"), folder.resolve("two"), done));
      // The script looks six times, a second apart; a slow machine needs more.
      pair.program("sleep", "while [ ! -e " + done + " ]; do /bin/sleep 0.1; done; /bin/sleep 1");
      part(pair);
      pair.one.drbdadm("primary", "r0");
      assertThat(Files.readString(folder.resolve("ssh")))
          .isEqualTo("10.0.0.2 drbdadm outdate r0\n");
      pair.one.awaitLog("handler=fence-peer exit=4");
      pair.one.awaitState("StandAlone", "UpToDate/Outdated");
      pair.two.awaitState("WFConnection", "Outdated/DUnknown");
    }
  }

  /// They look into /proc/drbd first: with none they fence nobody, and the promotion is refused.
  @Test
  void scriptsThatLookIntoProcFenceOnlyWhereTheyHaveOne() throws Exception {
    Root.require();
    Tool.require("util-linux", "unshare");
    for (String name : new String[] {"stonith_admin-fence-peer.sh", "rhcs_fence"}) {
      Path own = Files.createDirectory(folder.resolve(name));
      String script = DebianPair.SCRIPTS.resolve(name).toString();
      try (DebianPair pair = new DebianPair(own, fencedBy(script))) {
        String noting = "echo \"${0##*/} $*\" >>" + own.resolve("fenced");
        pair.program("stonith_admin", noting);
        pair.program("cman_tool", "echo 2 X");
        pair.program("fence_tool", "echo members 1");
        pair.program("fence_node", noting);
        part(pair);
        assertThatThrownBy(() -> pair.one.drbdadm("primary", "r0"))
            .hasMessageContaining("(-7) Refusing to be Primary while peer is not outdated");
        pair.one.awaitLog("handler=fence-peer exit=1");
        assertThat(own.resolve("fenced")).doesNotExist();

        pair.configure(fencedBy(DebianPair.WITH_PROC + " " + script));
        pair.one.drbdadm("adjust", "r0");
        pair.one.drbdadm("disconnect", "--force", "r0");
        pair.one.drbdadm("primary", "r0");
        pair.one.awaitLog("handler=fence-peer exit=7");
        assertThat(Files.readString(own.resolve("fenced"))).contains("fence", " two\n");
        pair.one.awaitState("StandAlone", "UpToDate/Outdated");
      }
    }
  }
}
