package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.DiskState.CONSISTENT;
import static org.twincore.drbd.DiskState.INCONSISTENT;
import static org.twincore.drbd.DiskState.NEGOTIATING;
import static org.twincore.drbd.DiskState.OUTDATED;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeSource;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeTarget;
import org.twincore.drbd.engine.state.SyncHandshake.Decision;
import org.twincore.drbd.engine.state.SyncHandshake.Disks;
import org.twincore.drbd.engine.state.SyncHandshake.Meeting;
import org.twincore.drbd.engine.state.SyncHandshake.Policies;
import org.twincore.drbd.engine.state.SyncHandshake.Refuse;
import org.twincore.drbd.engine.state.SyncHandshake.StayConnected;
import org.twincore.drbd.engine.state.SyncHandshake.Step;
import org.twincore.drbd.engine.state.SyncHandshake.Wishes;
import org.twincore.drbd.engine.state.UuidCompare.Node;
import org.twincore.drbd.engine.state.UuidCompare.Question;
import org.twincore.drbd.engine.state.UuidCompare.Terms;

final class SyncHandshakeTest {
  private static final GenerationUuids OLD = new GenerationUuids(0xa0, 0, 0x10, 0);
  private static final GenerationUuids NEW = new GenerationUuids(0xb0, 0xa0, 0x10, 0);
  private static final GenerationUuids RIVAL = new GenerationUuids(0xc0, 0xa0, 0x10, 0);
  private static final GenerationUuids COUSIN = new GenerationUuids(0xd0, 0xe0, 0x10, 0);
  private static final GenerationUuids STRANGER = new GenerationUuids(0xf0, 0, 0x77, 0x66);
  private static final Disks GOOD = new Disks(UP_TO_DATE, UP_TO_DATE, UP_TO_DATE);

  @Test
  void equalDataStaysConnected() {
    Decision decision = decide(OLD, OLD);
    assertThat(decision).isInstanceOf(StayConnected.class);
    assertThat(decision.trace().text()).isEqualTo("uuid_compare()=0 by rule 40; no resync needed");
  }

  @Test
  void newerDataBecomesSourceOfABitmapResync() {
    assertThat(decide(NEW, OLD))
        .isInstanceOfSatisfying(
            BecomeSource.class,
            s -> {
              assertThat(s.full()).isFalse();
              assertThat(s.trace().comparison().text()).isEqualTo("uuid_compare()=1 by rule 70");
            });
    assertThat(decide(OLD, NEW))
        .isInstanceOfSatisfying(BecomeTarget.class, t -> assertThat(t.full()).isFalse());
  }

  @Test
  void freshDiskBecomesTargetOfAFullResync() {
    Disks disks = new Disks(INCONSISTENT, INCONSISTENT, UP_TO_DATE);
    Decision decision =
        SyncHandshake.decide(meeting(GenerationUuids.FRESH, OLD).disks(disks).get());
    assertThat(decision)
        .isInstanceOfSatisfying(BecomeTarget.class, t -> assertThat(t.full()).isTrue());
    assertThat(decision.trace().steps()).contains(Step.DECIDED_BY_DISK_STATES);
  }

  @Test
  void unrelatedDataIsRefused() {
    GenerationUuids other = new GenerationUuids(0xf0, 0, 0x77, 0x66);
    GenerationUuids own = new GenerationUuids(0xa0, 0, 0x10, 0x20);
    assertRefused(decide(own, other), Step.UNRELATED_DATA);
  }

  @Test
  void twoPristineDisksConnectWithoutResync() {
    Disks disks = new Disks(INCONSISTENT, INCONSISTENT, INCONSISTENT);
    Meeting meeting = meeting(GenerationUuids.FRESH, GenerationUuids.FRESH).disks(disks).get();
    assertThat(SyncHandshake.decide(meeting)).isInstanceOf(StayConnected.class);
  }

  /// The better disk wins against the UUIDs, with all bits where the bitmap does not cover it.
  @Test
  void theInconsistentDiskIsTheTargetWhateverTheUuidsSay() {
    Disks own = new Disks(INCONSISTENT, INCONSISTENT, CONSISTENT);
    assertThat(SyncHandshake.decide(meeting(NEW, OLD).disks(own).get()))
        .isInstanceOfSatisfying(BecomeTarget.class, t -> assertThat(t.full()).isFalse());
    Disks theirs = new Disks(UP_TO_DATE, UP_TO_DATE, INCONSISTENT);
    assertThat(SyncHandshake.decide(meeting(NEW, COUSIN).disks(theirs).get()))
        .isInstanceOfSatisfying(BecomeSource.class, s -> assertThat(s.full()).isTrue());
  }

  @Test
  void anInconsistentDiskIsNeverSource() {
    Disks both = new Disks(INCONSISTENT, INCONSISTENT, INCONSISTENT);
    assertRefused(
        SyncHandshake.decide(meeting(NEW, OLD).disks(both).get()), Step.SOURCE_IS_INCONSISTENT);
  }

  @Test
  void splitBrainIsRefusedByDefaultAndCallsBothHandlers() {
    Decision decision = decide(NEW, RIVAL);
    assertRefused(decision, Step.SPLIT_BRAIN_UNRESOLVED);
    assertThat(decision.trace().handlers()).containsExactly("initial-split-brain", "split-brain");
    assertRefused(decide(NEW, COUSIN), Step.SPLIT_BRAIN_UNRESOLVED);
  }

  @Test
  void discardMyDataSettlesASplitBrain() {
    Wishes mine = new Wishes(true, false, false);
    Wishes theirs = new Wishes(false, true, false);
    assertThat(SyncHandshake.decide(meeting(NEW, RIVAL).wishes(mine).get()))
        .isInstanceOfSatisfying(BecomeTarget.class, t -> assertThat(t.full()).isFalse());
    assertThat(SyncHandshake.decide(meeting(NEW, RIVAL).wishes(theirs).get()))
        .isInstanceOfSatisfying(BecomeSource.class, s -> assertThat(s.full()).isFalse());
    Wishes both = new Wishes(true, true, false);
    assertRefused(
        SyncHandshake.decide(meeting(NEW, RIVAL).wishes(both).get()), Step.SPLIT_BRAIN_UNRESOLVED);
  }

  /// The bitmaps of cousins do not count from a common generation.
  @Test
  void discardMyDataBetweenCousinsSyncsEverything() {
    Wishes mine = new Wishes(true, false, false);
    assertThat(SyncHandshake.decide(meeting(NEW, COUSIN).wishes(mine).get()))
        .isInstanceOfSatisfying(BecomeTarget.class, t -> assertThat(t.full()).isTrue());
  }

  @Test
  void discardMyDataDoesNothingWithoutSplitBrain() {
    Wishes mine = new Wishes(true, false, false);
    assertThat(SyncHandshake.decide(meeting(NEW, OLD).wishes(mine).get()))
        .isInstanceOf(BecomeSource.class);
  }

  @Test
  void aPrimaryDoesNotBecomeTargetUnlessTold() {
    Meeting plain = meeting(OLD, NEW).roles(Role.PRIMARY, Role.SECONDARY).get();
    assertRefused(SyncHandshake.decide(plain), Step.TARGET_IS_PRIMARY);
    Decision called = SyncHandshake.decide(with(plain, readWrite(SplitBrainPolicy.CALL_HELPER)));
    assertRefused(called, Step.TARGET_IS_PRIMARY);
    assertThat(called.trace().handlers()).containsExactly("pri-lost");
    Decision forced = SyncHandshake.decide(with(plain, readWrite(SplitBrainPolicy.VIOLENTLY)));
    assertThat(forced).isInstanceOf(BecomeTarget.class);
    assertThat(forced.trace().steps()).contains(Step.TARGET_IS_PRIMARY_TOLERATED);
  }

  @Test
  void aPrimaryThatAttachesLateMayBecomeTarget() {
    Disks attaching = new Disks(NEGOTIATING, CONSISTENT, UP_TO_DATE);
    Meeting meeting = meeting(OLD, NEW).roles(Role.PRIMARY, Role.SECONDARY).disks(attaching).get();
    assertThat(SyncHandshake.decide(meeting)).isInstanceOf(BecomeTarget.class);
  }

  @Test
  void aDryRunSaysWhatWouldHappenAndRefuses() {
    Wishes dry = new Wishes(false, false, true);
    Decision decision = SyncHandshake.decide(meeting(NEW, OLD).wishes(dry).get());
    assertRefused(decision, Step.DRY_RUN);
    assertThat(decision.trace().text())
        .isEqualTo("uuid_compare()=1 by rule 70; becoming SyncSource; dry-run connect");
  }

  @Test
  void repairedUuidsAreHandedOn() {
    GenerationUuids missedEnd = new GenerationUuids(0xa0, 0x20, 0x10, 0);
    GenerationUuids ended = new GenerationUuids(0xa0, 0, 0x20, 0x10);
    assertThat(decide(ended, missedEnd).trace().comparison().peer()).isEqualTo(ended);
  }

  /// What one side decides, the other side must decide the other way round.
  @Test
  void bothSidesDecideOppositely() {
    List<GenerationUuids> sets = List.of(OLD, NEW, RIVAL, COUSIN, STRANGER, GenerationUuids.FRESH);
    List<DiskState> disks = List.of(INCONSISTENT, OUTDATED, CONSISTENT, UP_TO_DATE);
    for (GenerationUuids one : sets) {
      for (GenerationUuids other : sets) {
        for (DiskState ownDisk : disks) {
          for (DiskState peerDisk : disks) {
            Decision here =
                SyncHandshake.decide(
                    meeting(one, other).disks(new Disks(ownDisk, ownDisk, peerDisk)).get());
            Decision there =
                SyncHandshake.decide(
                    meeting(other, one).disks(new Disks(peerDisk, peerDisk, ownDisk)).get());
            assertOpposite(here, there, one + " " + ownDisk + " / " + other + " " + peerDisk);
          }
        }
      }
    }
  }

  private static void assertOpposite(Decision here, Decision there, String what) {
    switch (here) {
      case StayConnected _ -> assertThat(there).as(what).isInstanceOf(StayConnected.class);
      case BecomeSource source ->
          assertThat(there)
              .as(what)
              .isInstanceOfSatisfying(
                  BecomeTarget.class, t -> assertThat(t.full()).isEqualTo(source.full()));
      case BecomeTarget _ ->
          assertThat(there).as(what).isInstanceOfAny(BecomeSource.class, Refuse.class);
      case Refuse _ -> assertThat(there).as(what).isInstanceOfAny(Refuse.class, BecomeTarget.class);
    }
  }

  private static void assertRefused(Decision decision, Step step) {
    assertThat(decision)
        .isInstanceOfSatisfying(Refuse.class, r -> assertThat(r.rule()).isEqualTo(step));
  }

  private static Decision decide(GenerationUuids self, GenerationUuids peer) {
    return SyncHandshake.decide(meeting(self, peer).get());
  }

  private static Policies readWrite(SplitBrainPolicy policy) {
    return new Policies(
        SplitBrainPolicy.DISCONNECT,
        SplitBrainPolicy.DISCONNECT,
        SplitBrainPolicy.DISCONNECT,
        policy,
        false);
  }

  private static Meeting with(Meeting meeting, Policies policies) {
    return new Meeting(
        meeting.question(),
        meeting.disks(),
        meeting.wishes(),
        meeting.ownBits(),
        meeting.peerBits(),
        meeting.mayDemote(),
        policies);
  }

  private static Draft meeting(GenerationUuids self, GenerationUuids peer) {
    return new Draft(self, peer);
  }

  /// A meeting under construction: two Secondaries with good disks and no wishes.
  private static final class Draft {
    private final GenerationUuids self;
    private final GenerationUuids peer;
    private Disks disks = GOOD;
    private Wishes wishes = Wishes.NONE;
    private Role own = Role.SECONDARY;
    private Role theirs = Role.SECONDARY;

    Draft(GenerationUuids self, GenerationUuids peer) {
      this.self = self;
      this.peer = peer;
    }

    Draft disks(Disks value) {
      disks = value;
      return this;
    }

    Draft wishes(Wishes value) {
      wishes = value;
      return this;
    }

    Draft roles(Role ownRole, Role peerRole) {
      own = ownRole;
      theirs = peerRole;
      return this;
    }

    Meeting get() {
      Question question =
          new Question(
              new Node(self, own, false),
              new Node(peer, theirs, false),
              new Terms(101, true, false));
      return new Meeting(question, disks, wishes, 10, 20, false, Policies.DEFAULT);
    }
  }
}
