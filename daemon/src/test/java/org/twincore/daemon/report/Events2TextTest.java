package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.daemon.report.Samples.counters;
import static org.twincore.daemon.report.Samples.resource;
import static org.twincore.daemon.report.Samples.state;
import static org.twincore.daemon.report.Samples.volume;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// Each line also stood in what a kernel node's `drbdsetup events2` printed at the same step.
class Events2TextTest {
  private static final Counters COUNTERS = counters(0, 0, 0, 0, 8, 0, 0, 0, 0, 0);

  private static ReportedResource r0(String roles, String connection, String disks) {
    return resource("r0", volume(0, state(roles, connection, disks), COUNTERS));
  }

  private static ReportedResource r0(StateWord state) {
    return resource("r0", volume(0, state, COUNTERS));
  }

  private static final ReportedResource ALONE =
      r0("Secondary/Unknown", "StandAlone", "Inconsistent/DUnknown");
  private static final ReportedResource CONNECTED =
      r0("Secondary/Secondary", "Connected", "Inconsistent/Inconsistent");

  @Test
  void tellsAFirstSyncStepByStep() {
    List<ReportedResource> steps =
        List.of(
            ALONE,
            r0("Secondary/Unknown", "Unconnected", "Inconsistent/DUnknown"),
            r0("Secondary/Unknown", "WFConnection", "Inconsistent/DUnknown"),
            r0("Secondary/Unknown", "WFReportParams", "Inconsistent/DUnknown"),
            CONNECTED,
            r0("Primary/Secondary", "Connected", "UpToDate/Inconsistent"),
            r0("Primary/Secondary", "WFBitMapS", "UpToDate/Inconsistent"),
            r0("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent"),
            r0(
                state("Primary/Secondary", "PausedSyncS", "UpToDate/Inconsistent")
                    .withUserIsp(true)),
            r0("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent"),
            r0("Primary/Secondary", "Connected", "UpToDate/UpToDate"),
            r0("Primary/Unknown", "TearDown", "UpToDate/DUnknown"));
    assertThat(story(steps))
        .isEqualTo(
            """
            create connection name:r0 peer-node-id:0 conn-name:peer connection:StandAlone role:Unknown
            create peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:Off peer-disk:DUnknown resync-suspended:no
            change connection name:r0 peer-node-id:0 conn-name:peer connection:Unconnected
            change connection name:r0 peer-node-id:0 conn-name:peer connection:Connecting
            change connection name:r0 peer-node-id:0 conn-name:peer connection:Connected
            change connection name:r0 peer-node-id:0 conn-name:peer role:Secondary
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:Established peer-disk:Inconsistent
            change resource name:r0 role:Primary
            change device name:r0 volume:0 minor:0 disk:UpToDate
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:WFBitMapS
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:SyncSource
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:PausedSyncS resync-suspended:user
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:SyncSource resync-suspended:no
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:Established peer-disk:UpToDate
            change connection name:r0 peer-node-id:0 conn-name:peer connection:TearDown role:Unknown
            change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:Off peer-disk:DUnknown
            """);
  }

  private static String story(List<ReportedResource> steps) {
    List<String> lines = new ArrayList<>();
    for (int at = 1; at < steps.size(); at++) {
      lines.addAll(new Events2Text(false).changed(steps.get(at - 1), steps.get(at)));
    }
    return String.join("\n", lines) + "\n";
  }

  @Test
  void forgetsAConnectionThatFallsToStandAlone() {
    ReportedResource leaving = r0("Primary/Unknown", "Disconnecting", "UpToDate/DUnknown");
    ReportedResource alone = r0("Primary/Unknown", "StandAlone", "UpToDate/DUnknown");
    assertThat(new Events2Text(false).changed(leaving, alone))
        .containsExactly(
            "change connection name:r0 peer-node-id:0 conn-name:peer connection:StandAlone",
            "destroy peer-device name:r0 peer-node-id:0 conn-name:peer volume:0",
            "destroy connection name:r0 peer-node-id:0 conn-name:peer");
  }

  @Test
  void tellsResourcesAndVolumesThatComeAndGo() {
    Events2Text text = new Events2Text(false);
    ReportedResource one = resource("web", volume(2, StateWord.INITIAL, Counters.ZERO));
    ReportedResource two =
        resource(
            "web",
            volume(2, StateWord.INITIAL, Counters.ZERO),
            volume(3, StateWord.INITIAL, Counters.ZERO));
    assertThat(text.created(one))
        .containsExactly(
            "create resource name:web role:Secondary suspended:no",
            "create device name:web volume:2 minor:2 disk:Diskless");
    assertThat(text.changed(one, two))
        .containsExactly("create device name:web volume:3 minor:3 disk:Diskless");
    assertThat(text.changed(two, one)).containsExactly("destroy device name:web volume:3 minor:3");
    assertThat(text.destroyed(two))
        .containsExactly(
            "destroy device name:web volume:2 minor:2",
            "destroy device name:web volume:3 minor:3",
            "destroy resource name:web");
  }

  @Test
  void aNewVolumeOfAConnectedResourceHasAPeerDevice() {
    ReportedResource more =
        resource(
            "r0",
            volume(0, CONNECTED.volumes().getFirst().state(), COUNTERS),
            volume(5, CONNECTED.volumes().getFirst().state(), COUNTERS));
    assertThat(new Events2Text(false).changed(CONNECTED, more))
        .containsExactly(
            "create device name:r0 volume:5 minor:5 disk:Inconsistent",
            "create peer-device name:r0 peer-node-id:0 conn-name:peer volume:5"
                + " replication:Established peer-disk:Inconsistent resync-suspended:no");
  }

  @Test
  void statisticsComeWithEachChangeButYesAndNoOnlyWhenTheyChange() {
    ReportedResource upToDate = r0("Secondary/Unknown", "StandAlone", "UpToDate/DUnknown");
    assertThat(new Events2Text(true).changed(suspendedLog(ALONE), upToDate))
        .containsExactly(
            "change device name:r0 volume:0 minor:0 disk:UpToDate size:1048576 read:0 written:0"
                + " al-writes:8 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no");
    assertThat(
            new Events2Text(true)
                .changed(
                    r0("Primary/Secondary", "WFBitMapS", "UpToDate/Inconsistent"),
                    r0("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent")))
        .containsExactly(
            "change peer-device name:r0 peer-node-id:0 conn-name:peer volume:0"
                + " replication:SyncSource received:0 sent:0 out-of-sync:0 pending:0 unacked:0");
  }

  private static ReportedResource suspendedLog(ReportedResource resource) {
    VolumeStatus v = resource.volumes().getFirst();
    VolumeStatus suspended =
        new VolumeStatus(
            v.volume(),
            v.minor(),
            v.state(),
            v.sizeSectors(),
            v.outOfSyncBlocks(),
            v.uuids(),
            v.metadataFlags(),
            v.openers(),
            true,
            v.counters(),
            v.load(),
            v.progress());
    return resource("r0", suspended);
  }

  @Test
  void figuresAloneAreNoChange() {
    ReportedResource busier =
        resource(
            "r0",
            volume(
                0, CONNECTED.volumes().getFirst().state(), counters(9, 9, 9, 9, 9, 9, 9, 9, 9, 9)));
    assertThat(new Events2Text(true).changed(CONNECTED, busier)).isEmpty();
  }

  @Test
  void suspensionIsAFieldOfTheResource() {
    StateWord frozen =
        state("Secondary/Secondary", "Connected", "Inconsistent/Inconsistent").withSusp(true);
    assertThat(new Events2Text(false).changed(CONNECTED, r0(frozen)))
        .containsExactly("change resource name:r0 suspended:user");
  }

  @Test
  void handlersAreCalledAndAnswer() {
    VolumeStatus volume = CONNECTED.volumes().getFirst();
    assertThat(Events2Text.call(CONNECTED, volume, "before-resync-source"))
        .isEqualTo(
            "call helper name:r0 peer-node-id:0 conn-name:peer volume:0 minor:0"
                + " helper:before-resync-source");
    assertThat(Events2Text.response(CONNECTED, volume, "before-resync-source", 0))
        .isEqualTo(
            "response helper name:r0 peer-node-id:0 conn-name:peer volume:0 minor:0"
                + " helper:before-resync-source status:0");
  }

  @Test
  void stampsAreMicrosecondsInUtc() {
    Instant time = Instant.parse("2026-11-23T20:42:56.204577999Z");
    assertThat(Events2Text.stamped(time, "exists -"))
        .isEqualTo("2026-11-23T20:42:56.204577+00:00 exists -");
  }
}
