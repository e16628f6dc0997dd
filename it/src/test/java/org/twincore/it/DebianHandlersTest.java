package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.testkit.CompatibilityPage;

/// Debian's scripts that tell an admin of something, and those that keep a snapshot, called by two
/// running nodes.
@Timeout(300)
class DebianHandlersTest {
  @TempDir Path folder;

  @BeforeEach
  void needsTheScripts() {
    Tool.require("drbd-utils", DebianPair.SCRIPTS.resolve("notify.sh").toString());
  }

  private static String handlers(String... lines) {
    return Stream.of(lines)
        .map(line -> line.replace(" \"", " \"" + DebianPair.SCRIPTS + "/"))
        .map(line -> line.replace("; ", "; " + DebianPair.SCRIPTS + "/"))
        .collect(Collectors.joining("\n", "handlers {\n", "\n}\n"));
  }

  private void mail(DebianPair pair) throws IOException {
    pair.program("mail", "{ echo \"$*\"; cat; } >>" + folder + "/mail");
  }

  @Test
  void eachScriptHasARowOfTheCompatibilityTable() throws IOException {
    try (Stream<Path> files = Files.list(DebianPair.SCRIPTS)) {
      Set<String> scripts =
          files
              .filter(Files::isRegularFile)
              .map(file -> file.getFileName().toString())
              .filter(name -> !name.startsWith("drbd"))
              .collect(Collectors.toCollection(TreeSet::new));
      scripts.remove("notify.sh"); // what the others are links to
      assertThat(
              new CompatibilityPage(Path.of(System.getProperty("twincore.root")))
                  .answers("Debian's handler scripts")
                  .keySet())
          .isEqualTo(scripts);
    }
  }

  /// The script asks our drbdadm for the backing disk, LVM for what that is, and /proc/drbd for how
  /// much is to be overwritten: all, and a tenth and 10 MiB more.
  @Test
  void theSnapshotScriptsMakeASnapshotAndRemoveIt() throws IOException {
    Root.require();
    Tool.require("util-linux", "unshare");
    String script = DebianPair.WITH_PROC + " " + DebianPair.SCRIPTS;
    String handlers =
        """
        handlers {
          before-resync-target "%s/snapshot-resync-target-lvm.sh";
          after-resync-target "%s/unsnapshot-resync-target-lvm.sh";
        }
        """
            .formatted(script, DebianPair.SCRIPTS);
    try (DebianPair pair = new DebianPair(folder, handlers)) {
      pair.program("lvs", pair.noting("lvs") + "; echo group volume 8192");
      pair.program("lvcreate", pair.noting("lvcreate"));
      pair.program("lvremove", pair.noting("lvremove"));
      pair.sync();
      pair.awaitNote("lvremove", "-f group/volume-before-resync\n");
      long outOfSync = pair.two.volume().orElseThrow().sizeSectors() / 2;
      assertThat(Files.readString(folder.resolve("lvcreate")))
          .isEqualTo(
              "-s -n volume-before-resync -L %dk group/volume\n"
                  .formatted(outOfSync + 10240 + 4096 / 10));
      assertThat(Files.readString(folder.resolve("lvs"))).contains(" " + pair.disk("two") + "\n");
      pair.two.awaitLog("handler=before-resync-target exit=0");
      pair.two.awaitLog("handler=after-resync-target exit=0");
    }
  }

  @Test
  void theNotifyScriptTellsOfADiskThatFails() throws IOException {
    String options =
        "disk { on-io-error call-local-io-error; }\n"
            + handlers(
                "local-io-error \"notify-io-error.sh operator; notify-emergency-shutdown.sh\";");
    try (DebianPair pair = new DebianPair(folder, options)) {
      mail(pair);
      pair.sync();
      try (NbdClient client = pair.one.nbd()) {
        client.pwriteDurably(new byte[1 << 20], 4 << 20);
        try (RandomAccessFile cut = new RandomAccessFile(pair.disk("one").toFile(), "rw")) {
          cut.setLength(2 << 20);
        }
        client.pread(new byte[4096], 4 << 20);
      }
      pair.one.awaitState("Connected", "Diskless/UpToDate");
      assertThat(pair.awaitNote("mail", "emergency shutdown of node"))
          .startsWith("-s DRBD resource r0/0 (drbd0) detected a local I/O error operator\n");
      pair.one.awaitLog("handler=local-io-error exit=0");
    }
  }

  /// One split brain is met with three sets of policies, and settled; then a block differs, and at
  /// last there is no data any more.
  @Tag("full")
  @Test
  void theNotifyScriptsTellOfASplitBrainAndOfLostData() throws IOException {
    String scripts =
        handlers(
            "split-brain \"notify-split-brain.sh root\";",
            "pri-lost \"notify-pri-lost.sh; notify-emergency-reboot.sh\";",
            "pri-lost-after-sb \"notify-pri-lost-after-sb.sh\";",
            "out-of-sync \"notify-out-of-sync.sh\";",
            "pri-on-incon-degr \"notify-pri-on-incon-degr.sh\";");
    try (DebianPair pair = new DebianPair(folder, "net { verify-alg crc32c; }\n" + scripts)) {
      mail(pair);
      pair.sync();
      split(pair);
      String policies =
          "net { verify-alg crc32c; after-sb-0pri discard-node-one; after-sb-1pri %s; %s }\n";
      meet(pair, "net { verify-alg crc32c; }\n" + scripts);
      pair.awaitNote("mail", "-s DRBD split brain on resource r0/0 (drbd0) root\n");
      pair.awaitNote("mail", "-s DRBD split brain on resource r0/0 (drbd1) root\n");
      meet(pair, policies.formatted("violently-as0p", "rr-conflict call-pri-lost;") + scripts);
      pair.awaitNote("mail", "is currently Primary, but is to become SyncTarget on");
      pair.awaitNote("mail", "-s DRBD initiating emergency reboot of node");
      try (NbdClient client = pair.one.nbd()) {
        client.pread(new byte[4096], 0);
        meet(pair, policies.formatted("call-pri-lost-after-sb", "") + scripts);
        pair.awaitNote("mail", "is currently Primary, but lost split brain auto recovery on");
      }

      meet(pair, "net { verify-alg crc32c; after-sb-1pri discard-secondary; }\n" + scripts);
      for (NodeProcess node : List.of(pair.one, pair.two)) {
        node.awaitState("Connected", "UpToDate/UpToDate");
      }
      try (RandomAccessFile two = new RandomAccessFile(pair.disk("two").toFile(), "rw")) {
        two.seek(1 << 20);
        two.write(new byte[] {1, 2, 3});
      }
      pair.one.drbdadm("verify", "r0");
      pair.awaitNote("mail", "-s DRBD resource r0/0 (drbd0) has out-of-sync blocks");
      pair.awaitNote("mail", "-s DRBD resource r0/0 (drbd1) has out-of-sync blocks");
      pair.one.drbdadm("detach", "r0");
      pair.two.kill();
      pair.awaitNote("mail", "r0/0 (drbd0) no longer has access to valid data on");
    }
  }

  /// Both write alone; `one` stays Primary.
  private static void split(DebianPair pair) throws IOException {
    pair.two.drbdadm("disconnect", "r0");
    pair.one.drbdadm("disconnect", "--force", "r0");
    pair.two.drbdadm("primary", "--force", "r0");
    write(pair.one, 0);
    write(pair.two, 1);
    pair.two.drbdadm("secondary", "r0");
  }

  private static void write(NodeProcess node, int block) throws IOException {
    try (NbdClient client = node.nbd()) {
      client.pwriteDurably(new byte[4096], 4096L * block);
    }
    node.awaitVolume("no opener", it -> it.openers() == 0);
  }

  /// Anew and with other settings. Of a meeting that came to nothing the one side may go on looking
  /// for the other.
  private static void meet(DebianPair pair, String options) throws IOException {
    pair.one.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    if (!pair.two.drbdadm("cstate", "r0").equals("StandAlone\n")) {
      pair.two.drbdadm("disconnect", "--force", "r0");
    }
    pair.configure(options);
    pair.one.drbdadm("adjust", "r0");
    pair.two.drbdadm("adjust", "r0");
  }
}
