package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.StateContext.Options;
import org.twincore.drbd.engine.state.StateContext.Remembered;
import org.twincore.drbd.wire.StateWord;

/// The implied changes of drbd-wire section 7.1, row by row and as a whole.
final class ImpliedChangeTest {
  private static final StateContext FENCING =
      with(new Options(false, Fencing.RESOURCE_AND_STONITH, false, false), Remembered.NOTHING);
  private static final StateContext WAITS_FOR_DATA =
      with(new Options(false, Fencing.DONT_CARE, true, false), Remembered.NOTHING);
  private static final StateContext SAME_DATA =
      with(Options.DEFAULT, new Remembered(DiskState.OUTDATED, DiskState.D_UNKNOWN, 7, 7));
  private static final StateContext OTHER_DATA =
      with(Options.DEFAULT, new Remembered(DiskState.OUTDATED, DiskState.D_UNKNOWN, 7, 8));

  private static final String CONNECTED_PAIR = "Primary/Secondary Connected UpToDate/UpToDate";

  /// State before, wanted state, state after, and the rows on the way.
  private record Row(
      String before,
      StateContext context,
      String wanted,
      String after,
      List<ImpliedChange> implied) {
    Row(StateContext context, String wanted, String after, List<ImpliedChange> implied) {
      this(CONNECTED_PAIR, context, wanted, after, implied);
    }
  }

  private static final List<Row> GOLDEN =
      List.of(
          row(
              "Primary/Secondary NetworkFailure UpToDate/UpToDate peer_isp",
              "Primary/Unknown NetworkFailure UpToDate/DUnknown",
              ImpliedChange.PEER_UNKNOWN_WITHOUT_CONNECTION,
              ImpliedChange.PEER_DISK_UNKNOWN_WITHOUT_CONNECTION),
          row(
              "Primary/Secondary TearDown UpToDate/Outdated",
              "Primary/Unknown TearDown UpToDate/Outdated",
              ImpliedChange.PEER_UNKNOWN_WITHOUT_CONNECTION),
          row(
              "Secondary/Unknown StandAlone Diskless/DUnknown aftr_isp",
              "Secondary/Unknown StandAlone Diskless/DUnknown",
              ImpliedChange.UNCONFIGURED_HAS_NO_DEPENDENCY),
          row(
              "Secondary/Secondary VerifyS Failed/UpToDate",
              "Secondary/Secondary Connected Failed/UpToDate",
              ImpliedChange.LOST_DISK_ABORTS_VERIFY),
          row(
              "Secondary/Secondary SyncSource UpToDate/Diskless",
              "Secondary/Secondary Connected UpToDate/Diskless",
              ImpliedChange.LOST_DISK_ABORTS_RESYNC),
          new Row(
              "Secondary/Primary WFSyncUUID Outdated/UpToDate",
              StateContext.PLAIN,
              "Secondary/Primary WFSyncUUID Outdated/Failed",
              "Secondary/Primary Connected Inconsistent/Failed",
              List.of(
                  ImpliedChange.LOST_DISK_ABORTS_RESYNC,
                  ImpliedChange.ABORTED_TARGET_STAYS_BEHIND)),
          new Row(
              "Primary/Secondary WFBitMapS UpToDate/Consistent",
              StateContext.PLAIN,
              "Primary/Secondary WFBitMapS Failed/Consistent",
              "Primary/Secondary Connected Failed/Inconsistent",
              List.of(
                  ImpliedChange.LOST_DISK_ABORTS_RESYNC,
                  ImpliedChange.ABORTED_SOURCE_LEAVES_PEER_BEHIND)),
          new Row(
              SAME_DATA,
              "Secondary/Unknown WFConnection Negotiating/DUnknown",
              "Secondary/Unknown WFConnection Outdated/DUnknown",
              List.of(ImpliedChange.CUT_NEGOTIATION_KEEPS_DISK)),
          new Row(
              OTHER_DATA,
              "Secondary/Unknown WFConnection Negotiating/DUnknown",
              "Secondary/Unknown WFConnection Diskless/DUnknown",
              List.of(ImpliedChange.CUT_NEGOTIATION_DROPS_DISK)),
          row(
              "Secondary/Secondary Connected Consistent/Outdated",
              "Secondary/Secondary Connected UpToDate/UpToDate",
              ImpliedChange.CONNECTED_SETTLES_DISK,
              ImpliedChange.CONNECTED_SETTLES_PEER_DISK),
          row(
              "Secondary/Secondary WFBitMapT UpToDate/UpToDate",
              "Secondary/Secondary WFBitMapT Outdated/UpToDate",
              ImpliedChange.DISK_LOWERED),
          row(
              "Secondary/Secondary WFBitMapT Consistent/Consistent",
              "Secondary/Secondary WFBitMapT Outdated/UpToDate",
              ImpliedChange.CONNECTED_SETTLES_DISK,
              ImpliedChange.CONNECTED_SETTLES_PEER_DISK,
              ImpliedChange.DISK_LOWERED),
          row(
              "Secondary/Secondary WFBitMapT Negotiating/UpToDate",
              "Secondary/Secondary WFBitMapT Inconsistent/UpToDate",
              ImpliedChange.DISK_RAISED),
          row(
              "Secondary/Secondary SyncTarget Outdated/UpToDate",
              "Secondary/Secondary SyncTarget Inconsistent/UpToDate",
              ImpliedChange.CONNECTED_SETTLES_DISK,
              ImpliedChange.DISK_LOWERED),
          row(
              "Secondary/Secondary WFBitMapS UpToDate/UpToDate",
              "Secondary/Secondary WFBitMapS UpToDate/Consistent",
              ImpliedChange.PEER_DISK_LOWERED),
          row(
              "Secondary/Primary SyncTarget Inconsistent/Inconsistent",
              "Secondary/Primary SyncTarget Inconsistent/UpToDate",
              ImpliedChange.PEER_DISK_RAISED),
          new Row(
              FENCING,
              "Primary/Unknown NetworkFailure UpToDate/DUnknown",
              "Primary/Unknown NetworkFailure UpToDate/DUnknown susp_fen",
              List.of(ImpliedChange.FENCING_FREEZES)),
          new Row(
              FENCING,
              "Primary/Unknown NetworkFailure UpToDate/Outdated",
              "Primary/Unknown NetworkFailure UpToDate/Outdated",
              List.of()),
          new Row(
              WAITS_FOR_DATA,
              "Primary/Unknown NetworkFailure Diskless/DUnknown",
              "Primary/Unknown NetworkFailure Diskless/DUnknown susp_nod",
              List.of(ImpliedChange.NO_DATA_FREEZES)),
          row(
              "Primary/Secondary SyncSource UpToDate/Inconsistent user_isp",
              "Primary/Secondary PausedSyncS UpToDate/Inconsistent user_isp",
              ImpliedChange.PAUSES_SOURCE),
          row(
              "Secondary/Primary SyncTarget Inconsistent/UpToDate peer_isp",
              "Secondary/Primary PausedSyncT Inconsistent/UpToDate peer_isp",
              ImpliedChange.PAUSES_TARGET),
          row(
              "Primary/Secondary PausedSyncS UpToDate/Inconsistent",
              "Primary/Secondary SyncSource UpToDate/Inconsistent",
              ImpliedChange.CONTINUES_SOURCE),
          row(
              "Secondary/Primary PausedSyncT Inconsistent/UpToDate",
              "Secondary/Primary SyncTarget Inconsistent/UpToDate",
              ImpliedChange.CONTINUES_TARGET));

  @Test
  void followsTheGoldenTable() {
    for (Row row : GOLDEN) {
      StateRules.Sanitized found =
          StateRules.sanitize(States.parse(row.before), States.parse(row.wanted), row.context);
      assertThat(States.print(found.state())).as(row.wanted).isEqualTo(row.after);
      assertThat(found.implied()).as(row.wanted).isEqualTo(row.implied);
    }
  }

  @Test
  void theGoldenTableReachesEachRow() {
    Set<ImpliedChange> reached = EnumSet.noneOf(ImpliedChange.class);
    GOLDEN.forEach(row -> reached.addAll(row.implied));
    assertThat(reached).isEqualTo(EnumSet.allOf(ImpliedChange.class));
  }

  /// For every state there is: the disks end up in the range of the connection, but for those that
  /// failed during a verify and were kept, and another pass finds nothing left to do. (A paused
  /// resync that goes on needs a second pass, as the kernel's.)
  @Test
  void everyStateEndsInItsRangeAndStaysThere() {
    for (StateWord wanted : Exhaustive.states()) {
      StateWord first = sanitized(wanted);
      StateWord after = wanted.conn() == first.conn() ? first : sanitized(first);
      DiskRange range = DiskRange.of(after.conn());
      boolean inRange =
          (after.disk().isAtLeast(range.diskMin()) || mayBeKept(after.conn(), after.disk()))
              && range.diskMax().isAtLeast(after.disk())
              && (after.pdsk().isAtLeast(range.peerMin()) || mayBeKept(after.conn(), after.pdsk()))
              && range.peerMax().isAtLeast(after.pdsk());
      if (!inRange || !sanitized(after).equals(after)) {
        throw new AssertionError(States.print(wanted) + " -> " + first + " -> " + after);
      }
    }
  }

  private static boolean mayBeKept(ConnectionState conn, DiskState disk) {
    return disk == DiskState.INCONSISTENT
        && (conn == ConnectionState.VERIFY_S || conn == ConnectionState.VERIFY_T);
  }

  /// A verify that begins would have both disks UpToDate, and is refused for that; one that runs
  /// leaves a disk as it has become.
  @Test
  void aVerifyThatRunsMakesNoDiskBetter() {
    StateWord connected = States.parse("Secondary/Primary Connected Inconsistent/UpToDate");
    assertThat(
            StateRules.sanitize(
                    connected, connected.withConn(ConnectionState.VERIFY_T), StateContext.PLAIN)
                .implied())
        .containsExactly(ImpliedChange.DISK_RAISED);
    StateWord verifying = States.parse("Secondary/Primary VerifyT UpToDate/UpToDate");
    StateWord failed = verifying.withDisk(DiskState.INCONSISTENT);
    assertThat(StateRules.sanitize(verifying, failed, StateContext.PLAIN).state())
        .isEqualTo(failed);
    StateWord peersFailed = verifying.withPdsk(DiskState.INCONSISTENT);
    assertThat(StateRules.sanitize(verifying, peersFailed, StateContext.PLAIN).state())
        .isEqualTo(peersFailed);
  }

  private static StateWord sanitized(StateWord wanted) {
    return StateRules.sanitize(wanted, wanted, StateContext.PLAIN).state();
  }

  /// No implied change makes the own data better than it was, but for disks that nobody contradicts
  /// in a plain connection and for the source of a resync that is already decided.
  @Test
  void ownDataIsNeverImpliedToBeBetterWithoutConnection() {
    for (StateWord wanted : Exhaustive.states()) {
      if (wanted.conn().isAtLeast(ConnectionState.CONNECTED)
          || wanted.disk() == DiskState.NEGOTIATING) {
        continue;
      }
      StateWord after = StateRules.sanitize(wanted, wanted, StateContext.PLAIN).state();
      assertThat(after.disk()).isEqualTo(wanted.disk());
      assertThat(after.role()).isEqualTo(wanted.role());
      assertThat(after.peer()).isEqualTo(Role.UNKNOWN);
    }
  }

  @Test
  void fencingFreezesOnlyWhoLosesThePeer() {
    StateWord alone = States.parse("Primary/Unknown WFConnection UpToDate/DUnknown");
    assertThat(StateRules.sanitize(alone, alone, FENCING).state().suspFen()).isFalse();
  }

  private static Row row(String wanted, String after, ImpliedChange... implied) {
    return new Row(StateContext.PLAIN, wanted, after, List.of(implied));
  }

  private static StateContext with(Options options, Remembered remembered) {
    return new StateContext(options, remembered, 0, Role.UNKNOWN, 101, false);
  }
}
