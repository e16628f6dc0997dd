package org.twincore.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminRequest;
import org.twincore.host.nbd.NbdAddress;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// The log of a resource has a line for each change of its state, with the rules that decided it.
@Tag("slow")
@Timeout(60)
class StateLogTest {
  private static final Logger LOG = Logger.getLogger("org.twincore.resource");

  @TempDir Path folder;
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Handler collector =
      new Handler() {
        private final SimpleFormatter text = new SimpleFormatter();

        @Override
        public void publish(LogRecord entry) {
          lines.add(text.formatMessage(entry));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void collect() {
    LOG.addHandler(collector);
    LOG.setUseParentHandlers(false);
    LOG.setLevel(Level.INFO);
  }

  @AfterEach
  void letGo() {
    LOG.removeHandler(collector);
    LOG.setUseParentHandlers(true);
    LOG.setLevel(null);
  }

  /// A first sync, and a second one of what one node wrote while the other was away. Both nodes end
  /// as they began, so each state that is entered is left again: no change is missing.
  @Test
  void eachChangeIsALineWithTheRulesThatDecidedIt() throws Exception {
    List<Integer> ports = FreePorts.find(2);
    try (TestNode a = new TestNode(folder, "a", 0);
        TestNode b = new TestNode(folder, "b", 1)) {
      a.up(0, ports, Map.of());
      b.up(0, ports, Map.of());
      a.await(0, AdminRequest.Goal.CONNECTED);
      a.done(new AdminRequest.Primary(0, true));
      a.await(0, AdminRequest.Goal.SYNCED);
      b.await(0, AdminRequest.Goal.SYNCED);
      b.done(new AdminRequest.Disconnect("r0", false));
      try (NbdClient client = NbdClient.connect(NbdAddress.parse("unix:" + a.nbd()), "r0", 5000)) {
        client.pwrite(new byte[4096], 0);
      }
      b.connect(0, ports);
      b.await(0, AdminRequest.Goal.SYNCED);
      a.await(0, AdminRequest.Goal.SYNCED);
    }
    assertThat(lines)
        .contains(
            line(
                "cs:WFBitMapS ro:Primary/Secondary ds:UpToDate/Inconsistent r---",
                "cs:Connected ro:Primary/Secondary ds:UpToDate/Inconsistent r---",
                "uuid_compare()=2 by rule 30; decided by the disk states; becoming SyncSource",
                "uuid rule 30 -> WFBitMapS, handshake decided-by-disk-states, handshake"
                    + " becomes-source, peer's state handshake-on-peers-resync, peer's state"
                    + " state-taken"));
    assertThat(lines)
        .contains(
            line(
                "cs:WFBitMapS ro:Primary/Secondary ds:UpToDate/Consistent r---",
                "cs:WFReportParams ro:Primary/Unknown ds:UpToDate/DUnknown r---",
                "uuid_compare()=1 by rule 70; becoming SyncSource",
                "uuid rule 70 -> WFBitMapS, handshake becomes-source, peer's state"
                    + " connection-established, peer's state handshake-on-connect, peer's state"
                    + " state-taken, implied peer-disk-lowered"));
    assertThat(lines)
        .contains(
            line(
                "cs:WFBitMapT ro:Secondary/Primary ds:Outdated/UpToDate r---",
                "cs:WFReportParams ro:Secondary/Unknown ds:UpToDate/DUnknown r---",
                "uuid_compare()=-1 by rule 50; becoming SyncTarget",
                "uuid rule 50 -> WFBitMapT, handshake becomes-target, peer's state"
                    + " connection-established, peer's state handshake-on-connect, peer's state"
                    + " state-taken, implied disk-lowered"));
    assertThat(lines)
        .contains(
            line(
                "cs:Disconnecting ro:Secondary/Unknown ds:UpToDate/DUnknown r---",
                "cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate r---",
                "disconnect",
                "implied peer-unknown-without-connection, implied"
                    + " peer-disk-unknown-without-connection"));
    List<String> left = found(" was=\"(.*?)\"");
    assertThat(left).hasSizeGreaterThan(40);
    assertThat(found(" state=\"(.*?)\"")).containsExactlyInAnyOrderElementsOf(left);
    assertThat(found(" reason=\"(.+?)\"")).hasSameSizeAs(left);
  }

  private static String line(String after, String before, String reason, String rules) {
    return "resource=r0 volume=0 state=\"%s\" was=\"%s\" reason=\"%s\" rules=\"%s\""
        .formatted(after, before, reason, rules);
  }

  /// What stands in that place of the lines that have one.
  private List<String> found(String place) {
    Pattern pattern = Pattern.compile(place);
    return lines.stream()
        .flatMap(line -> pattern.matcher(line).results().map(it -> it.group(1)))
        .toList();
  }
}
