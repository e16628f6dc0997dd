package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.state.StateContext.Options;
import org.twincore.drbd.engine.state.StateContext.Remembered;
import org.twincore.drbd.engine.state.StateRules.Force;
import org.twincore.drbd.engine.state.StateRules.Outcome;
import org.twincore.drbd.wire.StateWord;

/// The refusals of drbd-wire section 7.4.
final class RefusalTest {
  private static final String PAIR = "Secondary/Secondary Connected UpToDate/UpToDate";
  private static final String LONELY = "Secondary/Unknown WFConnection UpToDate/DUnknown";
  private static final StateContext PLAIN = StateContext.PLAIN;
  private static final StateContext FENCING =
      context(new Options(false, Fencing.RESOURCE_ONLY, false, true), 0, Role.UNKNOWN, false);
  private static final StateContext VERIFIES =
      context(new Options(false, Fencing.DONT_CARE, false, true), 0, Role.UNKNOWN, false);
  private static final StateContext OPEN = context(Options.DEFAULT, 1, Role.UNKNOWN, false);
  private static final StateContext OTHERS = context(Options.DEFAULT, 0, Role.PRIMARY, false);
  private static final StateContext SHAKING = context(Options.DEFAULT, 0, Role.UNKNOWN, true);
  private static final StateContext OLD_PEER =
      new StateContext(VERIFIES.options(), Remembered.NOTHING, 0, Role.UNKNOWN, 87, false);

  /// Before, after (taken as sanitized), and the row that must answer.
  private record Row(StateContext context, String before, String after, Refusal refusal) {}

  private static final List<Row> GOLDEN =
      List.of(
          new Row(
              PLAIN,
              "Secondary/Unknown StandAlone UpToDate/DUnknown",
              "Secondary/Unknown Disconnecting UpToDate/DUnknown",
              Refusal.DISCONNECT_WHEN_STAND_ALONE),
          new Row(
              PLAIN,
              "Secondary/Unknown StandAlone UpToDate/DUnknown",
              "Secondary/Unknown WFConnection UpToDate/DUnknown",
              Refusal.CONNECT_WITHOUT_CONFIGURATION),
          new Row(
              PLAIN,
              "Secondary/Unknown StandAlone UpToDate/DUnknown",
              "Secondary/Unknown NetworkFailure UpToDate/DUnknown",
              Refusal.STAND_ALONE_MUST_CONFIGURE),
          new Row(PLAIN, LONELY, PAIR, Refusal.HANDSHAKE_SKIPPED),
          new Row(
              PLAIN,
              "Secondary/Unknown Timeout UpToDate/DUnknown",
              LONELY,
              Refusal.FAILURE_MUST_CLEAN_UP),
          new Row(
              PLAIN,
              "Secondary/Unknown Disconnecting UpToDate/DUnknown",
              "Secondary/Unknown Unconnected UpToDate/DUnknown",
              Refusal.DISCONNECTING_ENDS_STAND_ALONE),
          new Row(
              PLAIN,
              "Secondary/Unknown WFConnection Diskless/DUnknown",
              "Secondary/Unknown WFConnection Failed/DUnknown",
              Refusal.FAILED_AFTER_DETACH),
          new Row(
              PLAIN,
              "Secondary/Primary Connected UpToDate/UpToDate",
              "Primary/Primary Connected UpToDate/UpToDate",
              Refusal.TWO_PRIMARIES),
          new Row(
              OTHERS,
              PAIR,
              "Primary/Secondary Connected UpToDate/UpToDate",
              Refusal.OTHER_VOLUME_PRIMARY),
          new Row(
              OPEN,
              "Primary/Secondary Connected UpToDate/UpToDate",
              PAIR,
              Refusal.SECONDARY_IN_USE),
          new Row(
              PLAIN,
              "Secondary/Unknown WFConnection Consistent/DUnknown",
              "Primary/Unknown WFConnection Consistent/DUnknown",
              Refusal.LONELY_PRIMARY_NOT_UP_TO_DATE),
          new Row(
              FENCING,
              LONELY,
              "Primary/Unknown WFConnection UpToDate/DUnknown",
              Refusal.LONELY_PRIMARY_PEER_NOT_OUTDATED),
          new Row(
              PLAIN,
              "Secondary/Secondary Connected Inconsistent/Inconsistent",
              "Primary/Secondary Connected Inconsistent/Inconsistent",
              Refusal.PRIMARY_BOTH_INCONSISTENT),
          new Row(
              PLAIN,
              "Secondary/Secondary Connected Diskless/UpToDate",
              "Secondary/Secondary StartingSyncT Diskless/UpToDate",
              Refusal.RESYNC_WITHOUT_DISK),
          new Row(
              PLAIN,
              "Secondary/Secondary Connected UpToDate/Diskless",
              "Secondary/Secondary StartingSyncS UpToDate/Diskless",
              Refusal.RESYNC_WITHOUT_PEER_DISK),
          new Row(
              PLAIN,
              PAIR,
              "Secondary/Secondary SyncTarget Inconsistent/Inconsistent",
              Refusal.RESYNC_WITHOUT_GOOD_DISK),
          new Row(
              PLAIN,
              PAIR,
              "Secondary/Secondary Connected Outdated/UpToDate",
              Refusal.CONNECTED_OUTDATED),
          new Row(
              PLAIN,
              PAIR,
              "Secondary/Secondary VerifyS UpToDate/UpToDate",
              Refusal.VERIFY_WITHOUT_ALGORITHM),
          new Row(
              OLD_PEER,
              PAIR,
              "Secondary/Secondary VerifyS UpToDate/UpToDate",
              Refusal.VERIFY_NOT_SUPPORTED),
          new Row(
              PLAIN,
              "Secondary/Secondary Connected Inconsistent/Outdated",
              "Primary/Secondary Connected Inconsistent/Outdated",
              Refusal.PRIMARY_WITHOUT_GOOD_DISK),
          new Row(
              PLAIN,
              PAIR,
              "Secondary/Secondary StartingSyncS UpToDate/DUnknown",
              Refusal.START_SYNC_PEER_DISK_UNKNOWN),
          new Row(
              PLAIN,
              PAIR,
              "Secondary/Secondary Connected UpToDate/DUnknown",
              Refusal.CONNECTED_PEER_DISK_UNKNOWN),
          new Row(
              PLAIN,
              LONELY,
              "Secondary/Unknown Disconnecting UpToDate/Outdated",
              Refusal.OUTDATE_WITHOUT_CONNECTION),
          new Row(
              PLAIN,
              "Secondary/Unknown WFReportParams UpToDate/DUnknown",
              "Secondary/Secondary StartingSyncT Inconsistent/UpToDate",
              Refusal.START_SYNC_WITHOUT_CONNECTION),
          new Row(
              VERIFIES,
              "Secondary/Secondary SyncSource UpToDate/Inconsistent",
              "Secondary/Secondary VerifyS UpToDate/UpToDate",
              Refusal.VERIFY_WHILE_BUSY),
          new Row(
              VERIFIES,
              "Secondary/Unknown WFReportParams UpToDate/DUnknown",
              "Secondary/Secondary VerifyS UpToDate/UpToDate",
              Refusal.VERIFY_WITHOUT_CONNECTION),
          new Row(
              SHAKING,
              "Secondary/Unknown WFReportParams UpToDate/DUnknown",
              "Primary/Unknown WFReportParams UpToDate/DUnknown",
              Refusal.HANDSHAKE_RUNS),
          new Row(
              PLAIN,
              "Secondary/Unknown Unconnected UpToDate/DUnknown",
              "Secondary/Unknown Disconnecting UpToDate/DUnknown",
              Refusal.DISCONNECT_WHILE_UNCONNECTED),
          new Row(
              PLAIN,
              "Secondary/Unknown WFConnection Inconsistent/DUnknown",
              "Secondary/Unknown WFConnection Outdated/DUnknown",
              Refusal.OUTDATE_A_LOWER_DISK),
          new Row(
              PLAIN,
              "Primary/Secondary Connected Negotiating/UpToDate",
              "Primary/Secondary Connected UpToDate/UpToDate",
              Refusal.DISK_IS_NEGOTIATED),
          new Row(
              PLAIN,
              "Secondary/Unknown WFConnection Diskless/DUnknown",
              "Secondary/Unknown WFConnection UpToDate/DUnknown",
              Refusal.BETTER_WITHOUT_ATTACH),
          new Row(
              PLAIN,
              "Secondary/Secondary SyncSource UpToDate/Inconsistent",
              "Secondary/Secondary StartingSyncS UpToDate/Inconsistent",
              Refusal.START_SYNC_WHILE_BUSY),
          new Row(
              PLAIN,
              "Secondary/Secondary Connected Inconsistent/Inconsistent",
              "Secondary/Secondary StartingSyncS UpToDate/Inconsistent",
              Refusal.START_SYNC_FROM_UNUSABLE_DISK),
          new Row(
              VERIFIES,
              "Secondary/Secondary Connected UpToDate/Inconsistent",
              "Secondary/Secondary VerifyS UpToDate/UpToDate",
              Refusal.VERIFY_WITHOUT_GOOD_DISKS),
          new Row(
              VERIFIES,
              "Secondary/Secondary Connected Inconsistent/UpToDate",
              "Secondary/Secondary VerifyT UpToDate/UpToDate",
              Refusal.VERIFY_WITHOUT_GOOD_DISKS));

  @Test
  void followsTheGoldenTable() {
    for (Row row : GOLDEN) {
      Optional<Refusal> found =
          StateRules.check(
              States.parse(row.before), States.parse(row.after), row.context, Force.SOFT);
      assertThat(found).as("%s", row).contains(row.refusal);
    }
  }

  @Test
  void theGoldenTableReachesEachRow() {
    Set<Refusal> reached = EnumSet.noneOf(Refusal.class);
    GOLDEN.forEach(row -> reached.add(row.refusal));
    assertThat(reached).isEqualTo(EnumSet.allOf(Refusal.class));
  }

  @Test
  void factsPassWhatRequestsDoNot() {
    for (Row row : GOLDEN) {
      Optional<Refusal> found =
          StateRules.check(
              States.parse(row.before), States.parse(row.after), row.context, Force.HARD);
      assertThat(found.isPresent())
          .as("%s", row)
          .isEqualTo(row.refusal.kind() == Refusal.Kind.HARD);
    }
  }

  @Test
  void ordinaryLifeIsNotRefused() {
    String[] life = {
      "Secondary/Unknown StandAlone Diskless/DUnknown",
      "Secondary/Unknown StandAlone Attaching/DUnknown",
      "Secondary/Unknown StandAlone UpToDate/DUnknown",
      "Secondary/Unknown Unconnected UpToDate/DUnknown",
      "Secondary/Unknown WFConnection UpToDate/DUnknown",
      "Secondary/Unknown WFReportParams UpToDate/DUnknown",
      "Secondary/Secondary Connected UpToDate/UpToDate",
      "Primary/Secondary Connected UpToDate/UpToDate",
      "Primary/Secondary StartingSyncS UpToDate/Consistent",
      "Primary/Secondary SyncSource UpToDate/Inconsistent",
      "Primary/Secondary PausedSyncS UpToDate/Inconsistent user_isp",
      "Primary/Secondary SyncSource UpToDate/Inconsistent",
      "Primary/Secondary Connected UpToDate/UpToDate",
      "Secondary/Secondary Connected UpToDate/UpToDate",
      "Secondary/Unknown Disconnecting UpToDate/DUnknown",
      "Secondary/Unknown StandAlone UpToDate/DUnknown",
    };
    for (int i = 1; i < life.length; i++) {
      Outcome outcome =
          StateRules.change(States.parse(life[i - 1]), States.parse(life[i]), PLAIN, Force.SOFT);
      assertThat(outcome.result()).as(life[i]).isEqualTo(StateResult.SUCCESS);
      assertThat(States.print(outcome.state())).isEqualTo(life[i]);
    }
  }

  @Test
  void nothingChangedIsNothingToDo() {
    StateWord pair = States.parse(PAIR);
    Outcome outcome = StateRules.change(pair, pair, PLAIN, Force.SOFT);
    assertThat(outcome.result()).isEqualTo(StateResult.NOTHING_TO_DO);
    assertThat(outcome.isSuccess()).isTrue();
  }

  @Test
  void aRefusedChangeLeavesTheStateAndNamesTheRow() {
    StateWord pair = States.parse("Secondary/Primary Connected UpToDate/UpToDate");
    Outcome outcome = StateRules.change(pair, pair.withRole(Role.PRIMARY), PLAIN, Force.SOFT);
    assertThat(outcome.state()).isEqualTo(pair);
    assertThat(outcome.result()).isEqualTo(StateResult.TWO_PRIMARIES);
    assertThat(outcome.refusal()).contains(Refusal.TWO_PRIMARIES);
  }

  /// A Primary that lost its disk and its peer may still do what does not make it worse.
  @Test
  void whatWasWrongBeforeMayStayWrong() {
    StateWord broken = States.parse("Primary/Unknown WFConnection Diskless/DUnknown");
    StateWord still = States.parse("Primary/Unknown Disconnecting Diskless/DUnknown");
    assertThat(StateRules.check(broken, still, PLAIN, Force.SOFT)).isEmpty();
  }

  @Test
  void dualPrimaryIsAllowedWhenConfigured() {
    StateContext dual =
        context(new Options(true, Fencing.DONT_CARE, false, false), 0, Role.PRIMARY, false);
    StateWord before = States.parse("Secondary/Primary Connected UpToDate/UpToDate");
    assertThat(StateRules.check(before, before.withRole(Role.PRIMARY), dual, Force.SOFT)).isEmpty();
  }

  /// Over every state: what is not refused never has a Primary without any good disk.
  @Test
  void noAllowedPromotionLacksGoodData() {
    for (StateWord before : Exhaustive.states()) {
      if (before.role() != Role.SECONDARY) {
        continue;
      }
      Outcome outcome = StateRules.change(before, before.withRole(Role.PRIMARY), PLAIN, Force.SOFT);
      if (outcome.isSuccess()) {
        StateWord after = outcome.state();
        assertThat(after.disk() == DiskState.UP_TO_DATE || after.pdsk() == DiskState.UP_TO_DATE)
            .as("%s", after)
            .isTrue();
        assertThat(after.peer()).isNotEqualTo(Role.PRIMARY);
      }
    }
  }

  private static StateContext context(
      Options options, int openers, Role otherVolumesPeer, boolean handshakeRuns) {
    return new StateContext(
        options, Remembered.NOTHING, openers, otherVolumesPeer, 101, handshakeRuns);
  }
}
