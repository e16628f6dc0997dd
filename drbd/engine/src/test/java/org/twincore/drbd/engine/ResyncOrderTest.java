package org.twincore.drbd.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.ResyncOrder.Member;
import org.twincore.drbd.wire.StateWord;

/// Who waits for whom, as `_drbd_may_sync_now` and `drbd_resync_after_valid` have it.
class ResyncOrderTest {
  private static final StateWord QUIET =
      StateWord.INITIAL.withConn(ConnectionState.CONNECTED).withDisk(DiskState.UP_TO_DATE);
  private static final StateWord SYNCING = QUIET.withConn(ConnectionState.SYNC_SOURCE);

  @Test
  void waitsForTheOneBefore() {
    List<Member> members = List.of(new Member(0, SYNCING, -1), new Member(1, QUIET, 0));
    assertThat(ResyncOrder.changes(members)).isEqualTo(Map.of(1, true));
  }

  @Test
  void waitsThroughOneThatIsQuiet() {
    List<Member> members =
        List.of(new Member(0, SYNCING, -1), new Member(1, QUIET, 0), new Member(2, QUIET, 1));
    assertThat(ResyncOrder.changes(members)).isEqualTo(Map.of(1, true, 2, true));
  }

  @Test
  void waitsForAPausedOne() {
    List<Member> members =
        List.of(new Member(0, QUIET.withUserIsp(true), -1), new Member(1, QUIET, 0));
    assertThat(ResyncOrder.changes(members)).isEqualTo(Map.of(1, true));
  }

  @Test
  void goesOnWhenItsTurnHasCome() {
    List<Member> members =
        List.of(new Member(0, QUIET, -1), new Member(1, SYNCING.withAftrIsp(true), 0));
    assertThat(ResyncOrder.changes(members)).isEqualTo(Map.of(1, false));
  }

  @Test
  void nobodyWaitsForWhatIsNotThere() {
    StateWord diskless = QUIET.withDisk(DiskState.DISKLESS);
    List<Member> members = List.of(new Member(1, QUIET, 7), new Member(2, diskless, 1));
    assertThat(ResyncOrder.changes(members)).isEmpty();
  }

  @Test
  void aCycleIsSeenAndDoesNotHang() {
    List<Member> members =
        List.of(new Member(0, QUIET, 2), new Member(1, QUIET, 0), new Member(2, QUIET, -1));
    assertThat(ResyncOrder.isCycle(2, 1, members)).isTrue();
    assertThat(ResyncOrder.isCycle(2, 2, members)).isTrue();
    assertThat(ResyncOrder.isCycle(2, 7, members)).isFalse();
    assertThat(ResyncOrder.isCycle(1, 0, members)).isFalse();
    List<Member> cycle = List.of(new Member(0, QUIET, 1), new Member(1, QUIET, 0));
    assertThat(ResyncOrder.changes(cycle)).isEmpty();
  }
}
