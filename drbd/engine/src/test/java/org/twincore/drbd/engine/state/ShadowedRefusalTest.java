package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.StateContext.Options;
import org.twincore.drbd.engine.state.StateContext.Remembered;
import org.twincore.drbd.engine.state.StateRules.Force;
import org.twincore.drbd.wire.StateWord;

/// Which refusals can ever answer. What the kernel's tables forbid is in places mended by the
/// changes that a state implies, or refused by a row above; such a row stands for the day when one
/// of those changes, and no run of a cluster reaches it.
final class ShadowedRefusalTest {
  /// Rows that no change from any lasting state meets.
  private static final Set<Refusal> SHADOWED =
      EnumSet.of(
          Refusal.RESYNC_WITHOUT_DISK,
          Refusal.RESYNC_WITHOUT_PEER_DISK,
          Refusal.RESYNC_WITHOUT_GOOD_DISK,
          Refusal.CONNECTED_OUTDATED,
          Refusal.PRIMARY_WITHOUT_GOOD_DISK,
          Refusal.START_SYNC_PEER_DISK_UNKNOWN,
          Refusal.CONNECTED_PEER_DISK_UNKNOWN);

  /// All that the rules look at beside the states, one thing at a time.
  private static final List<StateContext> CONTEXTS =
      List.of(
          StateContext.PLAIN,
          context(new Options(false, Fencing.RESOURCE_ONLY, false, true), 0, Role.UNKNOWN, 101),
          context(
              new Options(true, Fencing.RESOURCE_AND_STONITH, true, true), 0, Role.PRIMARY, 101),
          context(Options.DEFAULT, 1, Role.UNKNOWN, 101),
          context(Options.DEFAULT, 0, Role.PRIMARY, 101),
          context(new Options(false, Fencing.DONT_CARE, false, true), 0, Role.UNKNOWN, 87),
          new StateContext(Options.DEFAULT, Remembered.NOTHING, 0, Role.UNKNOWN, 101, true));

  @Test
  void theseRowsNeverAnswer() {
    Set<Refusal> answering = EnumSet.noneOf(Refusal.class);
    for (StateContext context : CONTEXTS) {
      for (StateWord before : Exhaustive.states()) {
        if (!isLasting(before, context)) {
          continue;
        }
        for (StateWord wanted : changesOf(before)) {
          StateRules.change(before, wanted, context, Force.SOFT)
              .refusal()
              .ifPresent(answering::add);
        }
      }
    }
    assertThat(EnumSet.complementOf(EnumSet.copyOf(answering))).isEqualTo(SHADOWED);
  }

  /// What P_STATE can say of a node that prepares to be a target (see PeerState's
  /// `PEER_STILL_PREPARES`: only peers older than this table say more).
  @Test
  void aTargetThatPreparesNeverCallsItsDiskUpToDate() {
    Set<ConnectionState> preparing =
        EnumSet.of(
            ConnectionState.STARTING_SYNC_T,
            ConnectionState.WF_BITMAP_T,
            ConnectionState.WF_SYNC_UUID);
    assertThat(
            Exhaustive.states().stream()
                .filter(state -> preparing.contains(state.conn()))
                .map(state -> StateRules.sanitize(state, state, StateContext.PLAIN).state())
                .filter(state -> preparing.contains(state.conn())))
        .isNotEmpty()
        .allMatch(state -> state.disk().compareTo(DiskState.UP_TO_DATE) < 0);
  }

  private static boolean isLasting(StateWord state, StateContext context) {
    return isKnown(state) && StateRules.sanitize(state, state, context).state().equals(state);
  }

  /// A node knows its own disk, and its peer's while connected.
  private static boolean isKnown(StateWord state) {
    boolean isConnected = state.conn().isAtLeast(ConnectionState.CONNECTED);
    return state.disk() != DiskState.D_UNKNOWN
        && (!isConnected || state.pdsk() != DiskState.D_UNKNOWN);
  }

  /// One of role, connection, disk and peer's disk changed, or the connection and any of the
  /// others.
  private static List<StateWord> changesOf(StateWord before) {
    List<StateWord> wanted = new ArrayList<>();
    for (ConnectionState conn : ConnectionState.values()) {
      StateWord connected = before.withConn(conn);
      for (Role role : List.of(Role.PRIMARY, Role.SECONDARY)) {
        wanted.add(connected.withRole(role));
      }
      for (DiskState disk : DiskState.values()) {
        wanted.add(connected.withDisk(disk));
        wanted.add(connected.withPdsk(disk));
      }
    }
    wanted.removeIf(state -> !isKnown(state));
    return wanted;
  }

  private static StateContext context(
      Options options, int openers, Role otherVolumesPeer, int agreedVersion) {
    return new StateContext(
        options, Remembered.NOTHING, openers, otherVolumesPeer, agreedVersion, false);
  }
}
