package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_S;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_T;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.UuidCompare.Node;
import org.twincore.drbd.engine.state.UuidCompare.Question;
import org.twincore.drbd.engine.state.UuidCompare.Terms;
import org.twincore.drbd.wire.StateWord;

/// Two Primaries meet after a split brain, from the comparison of the generations to the new state:
/// `after-sb-2pri`, and `rr-conflict` for the one that loses.
class TwoPrimariesMeetTest {
  /// The winner wrote more. The last line is the combination of the chapter.
  @ParameterizedTest
  @CsvSource({
    "disconnect,violently,DISCONNECTING,DISCONNECTING",
    "call-pri-lost-after-sb,violently,WF_BITMAP_S,DISCONNECTING",
    "violently-as0p,disconnect,WF_BITMAP_S,DISCONNECTING",
    "violently-as0p,call-pri-lost,WF_BITMAP_S,DISCONNECTING",
    "violently-as0p,violently,WF_BITMAP_S,WF_BITMAP_T",
  })
  void whereTwoAreAllowed(
      String two, String conflict, ConnectionState winner, ConnectionState loser) {
    assertThat(meets(20, 10, two, conflict, true)).isEqualTo(winner);
    assertThat(meets(10, 20, two, conflict, true)).isEqualTo(loser);
  }

  /// The state of a resource with one Primary has no place for the second, whoever wins.
  @ParameterizedTest
  @CsvSource({"disconnect", "call-pri-lost-after-sb", "violently-as0p"})
  void whereOneIsAllowed(String two) {
    assertThat(meets(20, 10, two, "violently", false)).isEqualTo(DISCONNECTING);
    assertThat(meets(10, 20, two, "violently", false)).isEqualTo(DISCONNECTING);
  }

  /// Where the connection goes; whoever stays keeps its role.
  private static ConnectionState meets(
      long ownBits, long peerBits, String two, String conflict, boolean twoAllowed) {
    SyncHandshake.Policies policies =
        new SyncHandshake.Policies(
            SplitBrainPolicy.DISCARD_LEAST_CHANGES,
            SplitBrainPolicy.CONSENSUS,
            SplitBrainPolicy.ofWord(two).orElseThrow(),
            SplitBrainPolicy.ofWord(conflict).orElseThrow(),
            false);
    Question question =
        new Question(
            new Node(new GenerationUuids(0xb1, 0xa1, 0x10, 0x20), Role.PRIMARY, false),
            new Node(new GenerationUuids(0xc1, 0xa0, 0x10, 0x20), Role.PRIMARY, false),
            new Terms(101, true, false));
    StateContext context =
        new StateContext(
            new StateContext.Options(twoAllowed, Fencing.DONT_CARE, false, false),
            StateContext.Remembered.NOTHING,
            1,
            Role.UNKNOWN,
            101,
            true);
    StateWord own = primary(DiskState.D_UNKNOWN);
    PeerState.Arrival arrival =
        new PeerState.Arrival(
            own,
            primary(DiskState.D_UNKNOWN),
            new PeerState.Known(true, false, false, false, false),
            new PeerState.Pending(false, false, false, false, ownBits, 0),
            context);
    PeerState.Decision decision =
        PeerState.decide(
            arrival,
            real ->
                SyncHandshake.decide(
                    new SyncHandshake.Meeting(
                        question,
                        new SyncHandshake.Disks(UP_TO_DATE, UP_TO_DATE, real),
                        SyncHandshake.Wishes.NONE,
                        ownBits,
                        peerBits,
                        false,
                        policies)));
    if (decision instanceof PeerState.Adopt adopt) {
      StateWord after = adopt.outcome().state();
      assertThat(after.role()).isEqualTo(Role.PRIMARY);
      assertThat(after.peer()).isEqualTo(Role.PRIMARY);
      assertThat(after.conn()).isIn(WF_BITMAP_S, WF_BITMAP_T);
      return after.conn();
    }
    assertThat(decision).isInstanceOf(PeerState.Drop.class);
    return ((PeerState.Drop) decision).to();
  }

  private static StateWord primary(DiskState peerDisk) {
    return StateWord.INITIAL
        .withRole(Role.PRIMARY)
        .withConn(WF_REPORT_PARAMS)
        .withDisk(UP_TO_DATE)
        .withPdsk(peerDisk);
  }
}
