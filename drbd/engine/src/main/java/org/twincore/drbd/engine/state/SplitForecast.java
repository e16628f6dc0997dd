package org.twincore.drbd.engine.state;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.SplitBrain.Fate;
import org.twincore.drbd.engine.exchange.SplitBrain.Forecast;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeSource;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeTarget;
import org.twincore.drbd.engine.state.SyncHandshake.Refuse;
import org.twincore.drbd.engine.state.SyncHandshake.StayConnected;

/// What each after-sb policy would make of a meeting: the handshake's own decision
/// ([SyncHandshake]) with that policy, so that a losing Primary asks `rr-conflict`, too.
///
/// `after-sb-0pri` is asked as if both were Secondary, which is how the others ask it, too; the
/// option for the number of Primaries that there were is asked with the `after-sb-0pri` that is
/// set.
public final class SplitForecast {
  static final List<SplitBrainPolicy> WITHOUT =
      List.of(
          SplitBrainPolicy.DISCONNECT,
          SplitBrainPolicy.DISCARD_YOUNGER_PRIMARY,
          SplitBrainPolicy.DISCARD_OLDER_PRIMARY,
          SplitBrainPolicy.DISCARD_ZERO_CHANGES,
          SplitBrainPolicy.DISCARD_LEAST_CHANGES,
          SplitBrainPolicy.DISCARD_LOCAL,
          SplitBrainPolicy.DISCARD_REMOTE);
  static final List<SplitBrainPolicy> WITH_ONE =
      List.of(
          SplitBrainPolicy.DISCONNECT,
          SplitBrainPolicy.CONSENSUS,
          SplitBrainPolicy.VIOLENTLY,
          SplitBrainPolicy.DISCARD_SECONDARY,
          SplitBrainPolicy.CALL_HELPER);
  static final List<SplitBrainPolicy> WITH_TWO =
      List.of(
          SplitBrainPolicy.DISCONNECT, SplitBrainPolicy.VIOLENTLY, SplitBrainPolicy.CALL_HELPER);

  private final SyncHandshake.Meeting meeting;
  private final UuidCompare.Comparison comparison;
  private final List<Forecast> forecasts = new ArrayList<>();

  private SplitForecast(SyncHandshake.Meeting meeting, UuidCompare.Comparison comparison) {
    this.meeting = meeting;
    this.comparison = comparison;
  }

  /// All policies that could have a say.
  public static List<Forecast> of(
      SyncHandshake.Meeting meeting, UuidCompare.Comparison comparison) {
    return new SplitForecast(meeting, comparison).all();
  }

  private List<Forecast> all() {
    for (SplitBrainPolicy policy : WITHOUT) {
      add("after-sb-0pri", policy, Role.SECONDARY, Role.SECONDARY, policies(policy, policy));
    }
    Role own = meeting.question().self().role();
    Role peer = meeting.question().peer().role();
    boolean isOwn = own == Role.PRIMARY;
    boolean isPeers = peer == Role.PRIMARY;
    if (isOwn || isPeers) {
      boolean isBoth = isOwn && isPeers;
      for (SplitBrainPolicy policy : isBoth ? WITH_TWO : WITH_ONE) {
        add(
            isBoth ? "after-sb-2pri" : "after-sb-1pri",
            policy,
            own,
            peer,
            policies(meeting.policies().noPrimary(), policy));
      }
    }
    return forecasts;
  }

  /// With `always-asbp`: where that is not set and would be needed, the dossier says so of all.
  private SyncHandshake.Policies policies(SplitBrainPolicy without, SplitBrainPolicy with) {
    return new SyncHandshake.Policies(
        without, with, with, meeting.policies().readWriteConflict(), true);
  }

  private void add(
      String option,
      SplitBrainPolicy policy,
      Role own,
      Role peer,
      SyncHandshake.Policies policies) {
    UuidCompare.Question asked = meeting.question();
    UuidCompare.Question question =
        new UuidCompare.Question(
            new UuidCompare.Node(comparison.self(), own, asked.self().crashedPrimary()),
            new UuidCompare.Node(comparison.peer(), peer, asked.peer().crashedPrimary()),
            asked.terms());
    SyncHandshake.Decision decision =
        SyncHandshake.decide(
            new SyncHandshake.Meeting(
                question,
                meeting.disks(),
                SyncHandshake.Wishes.NONE,
                meeting.ownBits(),
                meeting.peerBits(),
                meeting.mayDemote(),
                policies),
            comparison);
    Fate fate =
        switch (decision) {
          case BecomeSource _ ->
              peerKeepsItsData(policy, peer) ? Fate.NOBODY_GIVES_IN : Fate.OWN_STAYS;
          case BecomeTarget _ -> Fate.PEER_STAYS;
          case Refuse _, StayConnected _ -> Fate.NOBODY_GIVES_IN;
        };
    forecasts.add(new Forecast(option, policy.toString(), fate));
  }

  /// Whether the losing peer would part instead, by an `rr-conflict` as it is set here: nobody
  /// tells what its own is. One that loses by `call-pri-lost-after-sb` becomes Secondary first.
  private boolean peerKeepsItsData(SplitBrainPolicy policy, Role peer) {
    return peer == Role.PRIMARY
        && meeting.disks().peer().isAtLeast(DiskState.CONSISTENT)
        && policy != SplitBrainPolicy.CALL_HELPER
        && meeting.policies().readWriteConflict() != SplitBrainPolicy.VIOLENTLY;
  }
}
