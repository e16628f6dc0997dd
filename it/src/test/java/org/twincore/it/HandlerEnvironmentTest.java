package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// All that a handler finds in its environment, of a resource with two volumes: what
/// docs/handlers.md tells of, nothing else, and all that Debian's drbdadm gives the same handler by
/// the same file.
@Timeout(120)
class HandlerEnvironmentTest {
  private static final int DISK_BYTES = 4 << 20;
  private static final Path DRBDADM = Path.of("/lib/drbd/drbdadm-84");
  private static final String OURS = "(DRBD|TWINCORE)_.*";

  /// Of the run, so that all that it started is found again.
  private static final String MARK = "TWINCORE_HANDLER_RUN";

  @TempDir Path folder;
  private TwoNodes nodes;
  private NodeProcess one;

  @BeforeEach
  void connect() throws IOException {
    nodes =
        new TwoNodes(
                folder,
                DISK_BYTES,
                """
                global { cmd-timeout-short 60; usage-count no; disable-ip-verification; }
                resource r0 {
                  disk { fencing resource-only; resync-rate 100M; }
                  handlers {
                    before-resync-target "env >FOLDER/target-$DRBD_VOLUME.new; mv FOLDER/target-$DRBD_VOLUME.new FOLDER/target-$DRBD_VOLUME";
                    fence-peer "env >FOLDER/fence.new; mv FOLDER/fence.new FOLDER/fence; exit 7";
                  }
                  on one {
                    address 127.0.0.1:PORT1;
                    volume 0 { device /dev/drbd4; disk FOLDER/one.0; meta-disk internal; }
                    volume 3 { device /dev/drbd7; disk FOLDER/one.3; meta-disk internal; }
                  }
                  on two {
                    address 127.0.0.2:PORT2;
                    volume 0 { device /dev/drbd5; disk FOLDER/two.0; meta-disk internal; }
                    volume 3 { device /dev/drbd8; disk FOLDER/two.3; meta-disk internal; }
                  }
                }
                """)
            .up();
    one = nodes.one;
    one.awaitAll(2, "Connected", it -> it.connection().equals("Connected"));
    one.drbdadm("primary", "--force", "r0");
    one.awaitAll(2, "UpToDate", it -> it.peerDisk().equals("UpToDate"));
  }

  @AfterEach
  void end() {
    nodes.close();
  }

  private Map<String, String> noted(String file) throws IOException {
    Path note = folder.resolve(file);
    for (int tries = 0; tries < 1200 && !Files.exists(note); tries++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    Map<String, String> variables = variables(Files.readString(note));
    variables.remove(MARK);
    return variables;
  }

  private static Map<String, String> variables(String text) {
    Map<String, String> variables = new TreeMap<>();
    text.lines()
        .filter(line -> line.matches(OURS))
        .map(line -> line.split("=", 2))
        .forEach(pair -> variables.put(pair[0], pair[1]));
    return variables;
  }

  /// Of `one`, or of `two`; a volume's or both.
  private Map<String, String> expected(
      String own, String peer, String volumes, String minors, String disks) {
    Map<String, String> at = Map.of("one", "127.0.0.1", "two", "127.0.0.2");
    Map<String, String> ids = Map.of("one", "0", "two", "1");
    Map<String, String> all = new TreeMap<>();
    all.put("DRBD_RESOURCE", "r0");
    all.put("DRBD_VOLUME", volumes);
    all.put("DRBD_MINOR", minors);
    all.put("DRBD_LL_DISK", disks);
    all.put("DRBD_CONF", folder.resolve("drbd.conf").toString());
    all.put("DRBD_PEER", peer);
    all.put("DRBD_PEERS", peer);
    all.put("DRBD_PEER_AF", "ipv4");
    all.put("DRBD_PEER_ADDRESS", at.get(peer));
    all.put("DRBD_PEER_NODE_ID", ids.get(peer));
    all.put("DRBD_MY_AF", "ipv4");
    all.put("DRBD_MY_ADDRESS", at.get(own));
    all.put("DRBD_MY_NODE_ID", ids.get(own));
    all.put("DRBD_NODE_ID_0", "one");
    all.put("DRBD_NODE_ID_1", "two");
    all.put("TWINCORE_NODE", own);
    all.put("TWINCORE_RUN", folder.resolve(own).toString());
    return all;
  }

  @Test
  void isOfOneVolumeOrOfAll() throws Exception {
    assertThat(noted("target-0"))
        .isEqualTo(expected("two", "one", "0", "5", folder.resolve("two.0").toString()));
    assertThat(noted("target-3"))
        .isEqualTo(expected("two", "one", "3", "8", folder.resolve("two.3").toString()));
    hasWhatDebianGives("two", "before-resync-target", "minor-5", "target-0");
    hasWhatDebianGives("two", "before-resync-target", "minor-8", "target-3");

    one.drbdadm("secondary", "r0");
    one.drbdadm("disconnect", "--force", "r0");
    one.drbdadm("primary", "r0");
    String disks = folder.resolve("one.0") + " " + folder.resolve("one.3");
    assertThat(noted("fence")).isEqualTo(expected("one", "two", "0 3", "4 7", disks));
    hasWhatDebianGives("one", "fence-peer", "r0", "fence");
  }

  /// Debian's drbdadm writes into the same file.
  private void hasWhatDebianGives(String node, String handler, String what, String file)
      throws Exception {
    Tool.require("drbd-utils", DRBDADM.toString());
    Map<String, String> ours = noted(file);
    Files.delete(folder.resolve(file));
    Path config = folder.resolve("drbd.conf");
    Tool.run(
        "env", "__DRBD_NODE__=" + node, DRBDADM.toString(), "-c", config.toString(), handler, what);
    Map<String, String> theirs = noted(file);
    assertThat(theirs).containsEntry("DRBD_RESOURCE", "r0").containsKey("DRBD_MINOR");
    assertThat(ours).containsAllEntriesOf(theirs);
  }
}
