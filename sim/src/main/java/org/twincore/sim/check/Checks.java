package org.twincore.sim.check;

import java.util.List;
import org.twincore.drbd.Extent;
import org.twincore.sim.world.NodeWatcher;

/// All checkers of a run, joined to its nodes.
public final class Checks {
  private final ClusterView view;
  private final AckedWriteSurvives writes;
  private final ReadsAreRegular reads;
  private final UpToDateReplicasEqual replicas;
  private final BitmapCoversDifference bitmaps;
  private final OnePrimary roles;
  private final UuidHistorySane uuids;
  private final RefusalIsReal refusals;
  private final VerifyIsRight verifies;
  private final PolicyKeepsItsSide policies;
  private final UndoRestoresLoser undo = new UndoRestoresLoser();

  public Checks(ClusterView view) {
    this.view = view;
    writes = new AckedWriteSurvives(view);
    reads = new ReadsAreRegular(view);
    replicas = new UpToDateReplicasEqual(view);
    bitmaps = new BitmapCoversDifference(view);
    roles = new OnePrimary(view);
    uuids = new UuidHistorySane(view);
    refusals = new RefusalIsReal(view);
    verifies = new VerifyIsRight(view);
    policies = new PolicyKeepsItsSide(view);
    for (NodeWatcher watcher :
        List.of(writes, replicas, bitmaps, roles, uuids, refusals, verifies, policies, undo)) {
      view.nodes().forEach(node -> node.watch(watcher));
    }
  }

  /// A write that the history knows as `write` was answered OK.
  public void writeAnswered(
      int node, int volume, long write, Extent extent, VolumeHistory.Durability durability) {
    view.history(volume).answered(write, durability);
    writes.writeAnswered(node, volume, extent);
    uuids.writeAnswered(node, volume, extent);
  }

  /// A flush issued at `sinceMoment` was answered OK.
  public void flushAnswered(int node, int volume, long sinceMoment, boolean peerFollowed) {
    view.history(volume).flushed(sinceMoment);
    writes.flushAnswered(node, volume, peerFollowed);
  }

  /// A read issued at `sinceMoment` was answered.
  public void readAnswered(int node, int volume, Extent extent, byte[] bytes, long sinceMoment) {
    reads.answered(node, volume, extent, bytes, sinceMoment);
  }

  /// Looks at everything that can be looked at while the run goes on.
  public void sample() {
    bitmaps.checkAll();
  }

  /// The run has come to rest: nothing is under way.
  public void atRest() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      replicas.check(volume);
    }
    bitmaps.checkAll();
    uuids.checkAtRest();
  }

  public AckedWriteSurvives writes() {
    return writes;
  }

  public ReadsAreRegular reads() {
    return reads;
  }

  public UpToDateReplicasEqual replicas() {
    return replicas;
  }

  public BitmapCoversDifference bitmaps() {
    return bitmaps;
  }

  public OnePrimary roles() {
    return roles;
  }

  public UuidHistorySane uuids() {
    return uuids;
  }

  public RefusalIsReal refusals() {
    return refusals;
  }

  public PolicyKeepsItsSide policies() {
    return policies;
  }

  public UndoRestoresLoser undo() {
    return undo;
  }

  public VerifyIsRight verifies() {
    return verifies;
  }
}
