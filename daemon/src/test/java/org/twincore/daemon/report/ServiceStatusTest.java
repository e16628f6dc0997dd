package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.daemon.report.Samples.counters;
import static org.twincore.daemon.report.Samples.progress;
import static org.twincore.daemon.report.Samples.resource;
import static org.twincore.daemon.report.Samples.state;
import static org.twincore.daemon.report.Samples.volume;
import static org.twincore.daemon.report.Samples.with;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.twincore.admin.settings.NodeSettings.StatusStyle;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.wire.StateWord;
import org.twincore.host.linux.MountTable.Mount;

/// The styles of `service drbd status`, with the figures of the texts that described them first.
class ServiceStatusTest {
  private static final Instant BUILT = Instant.parse("2007-01-23T20:26:13Z");

  private static String body(StatusStyle style, ReportedResource... resources) {
    return body(style, Map.of(), resources);
  }

  private static String body(
      StatusStyle style, Map<Integer, Mount> mounts, ReportedResource... resources) {
    String text = ServiceStatus.render(style, "node1", BUILT, List.of(resources), mounts, 0);
    assertThat(text).startsWith("drbd driver loaded OK; device status:\nversion: ");
    return text.lines().skip(3).map(line -> line + "\n").reduce("", String::concat);
  }

  @Test
  void style07ShowsTheLocalDataAndABar() {
    StateWord source = state("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent");
    Counters counters = counters(67080, 85492, 91804, 72139, 9, 268, 0, 30, 2019, 0);
    assertThat(
            body(
                StatusStyle.V0_7,
                resource(
                    "r0",
                    with(
                        volume(0, source, counters),
                        progress(458848, 520196, 458848 + 4356 * 5, 5, 15)))))
        .isEqualTo(
            """
             0: cs:SyncSource st:Primary/Secondary ld:Consistent
                ns:67080 nr:85492 dw:91804 dr:72139 al:9 bm:268 lo:0 pe:30 ua:2019 ap:0
            \t[==>.................] sync'ed: 12.5% (458848/520196)K
            \tfinish: 0:01:44 speed: 4,356 (4,088) K/sec
            """);
  }

  @Test
  void style07ListsEachMinorWithoutEmptyLines() {
    StateWord connected = state("Secondary/Secondary", "Connected", "Inconsistent/Inconsistent");
    Counters counters = counters(25127936, 3416, 23988760, 4936449, 19624, 1038, 0, 0, 0, 0);
    StateWord client = state("Primary/Secondary", "Connected", "Diskless/UpToDate");
    assertThat(
            body(
                StatusStyle.V0_7,
                resource("r1", volume(3, client, Counters.ZERO)),
                resource("r0", volume(0, connected, counters))))
        .isEqualTo(
            """
             0: cs:Connected st:Secondary/Secondary ld:Inconsistent
                ns:25127936 nr:3416 dw:23988760 dr:4936449 al:19624 bm:1038 lo:0 pe:0 ua:0 ap:0
             1: cs:Unconfigured
             2: cs:Unconfigured
             3: cs:DiskLessClient st:Primary/Secondary ld:Inconsistent
                ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0
            """);
  }

  @Test
  void style07SaysStalledAfterTwentySeconds() {
    StateWord target = state("Secondary/Primary", "SyncTarget", "Inconsistent/UpToDate");
    assertThat(
            body(
                StatusStyle.V0_7,
                resource(
                    "r0",
                    with(
                        volume(0, target, Counters.ZERO),
                        progress(400000, 520196, 400000, 21, 60)))))
        .endsWith("K\n\tstalled\n");
  }

  @Test
  void style82ShowsRolesAsStAndTheExtentCaches() {
    StateWord waiting = state("Secondary/Unknown", "WFConnection", "UpToDate/DUnknown");
    assertThat(
            body(
                StatusStyle.V8_2,
                resource("d0", volume(0, waiting, Counters.ZERO)),
                resource("d1", volume(1, waiting, Counters.ZERO))))
        .isEqualTo(
            """
             0: cs:WFConnection st:Secondary/Unknown ds:UpToDate/DUnknown C r---
                ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0
            \tresync: used:0/31 hits:0 misses:0 starving:0 dirty:0 changed:0
            \tact_log: used:0/127 hits:0 misses:0 starving:0 dirty:0 changed:0
             1: cs:WFConnection st:Secondary/Unknown ds:UpToDate/DUnknown C r---
                ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0
            \tresync: used:0/31 hits:0 misses:0 starving:0 dirty:0 changed:0
            \tact_log: used:0/127 hits:0 misses:0 starving:0 dirty:0 changed:0
            """);
  }

  @Test
  void style83IsATableWithMountedAndFstype() {
    StateWord both = state("Primary/Primary", "Connected", "Diskless/UpToDate");
    assertThat(
            body(
                StatusStyle.V8_3,
                Map.of(
                    0, new Mount("7:0", "/dev/drbd0", "/gfs2-00", "gfs2"),
                    1, new Mount("7:0", "/dev/drbd1", "/gfs2-01", "gfs2")),
                resource("r0", volume(0, both, Counters.ZERO)),
                resource("r1", volume(1, both, Counters.ZERO))))
        .isEqualTo(
            """
            m:res  cs         ro               ds                 p  mounted   fstype
            0:r0   Connected  Primary/Primary  Diskless/UpToDate  C  /gfs2-00  gfs2
            1:r1   Connected  Primary/Primary  Diskless/UpToDate  C  /gfs2-01  gfs2
            """);
  }

  @Test
  void theTableKeepsProgressUnderItsDeviceAndMarksAMissingProtocol() {
    StateWord source = state("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent");
    StateWord alone = state("Secondary/Unknown", "StandAlone", "UpToDate/DUnknown");
    StateWord nothing = StateWord.INITIAL;
    assertThat(
            body(
                StatusStyle.V8_4,
                Map.of(1, new Mount("7:0", "/dev/drbd1", "/srv/mail", "ext4")),
                resource("old", volume(15, alone, Counters.ZERO)),
                resource("none", volume(7, nothing, Counters.ZERO)),
                resource(
                    "we.b",
                    with(
                        volume(1, source, Counters.ZERO),
                        progress(638976, 1048576, 700000, 18, 60)))))
        .isEqualTo(
            """
            m:res   cs          ro                 ds                     p  mounted    fstype
            1:we_b  SyncSource  Primary/Secondary  UpToDate/Inconsistent  C  /srv/mail  ext4
            ...     sync'ed:    39.3%              (638976/1048576)K                   \s
            15:old  StandAlone  Secondary/Unknown  UpToDate/DUnknown      -            \s
            """);
  }

  @Test
  void theHeaderIsTwoLinesInEachStyle() {
    for (StatusStyle style : StatusStyle.values()) {
      String text = ServiceStatus.render(style, "node1", BUILT, List.of(), Map.of(), 0);
      List<String> lines = text.lines().toList();
      assertThat(lines.get(1)).startsWith("version: " + style.word() + ".");
      assertThat(lines.get(2))
          .matches("(SVN Revision: \\d+|GIT-hash: [0-9a-f]{40}|srcversion: [0-9A-F]{23}) .*");
    }
  }
}
