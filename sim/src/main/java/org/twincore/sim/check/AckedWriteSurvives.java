package org.twincore.sim.check;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// Every answered write is where `docs/durability.md` says it is: at the answer, after a flush,
/// after a crash, and on the node that becomes Primary.
///
/// What a crash was allowed to take (volatile data of a drive, in protocol A and B data in the
/// secondary's memory) is remembered for that replica and conceded to readers only if just that
/// replica goes on: by becoming Primary or the source of a resync.
public final class AckedWriteSurvives implements NodeWatcher {
  private static final String NAME = "AckedWriteSurvives";

  private final ClusterView view;

  /// By node and volume: sectors that a crash has set back, and to what.
  private final TreeMap<Long, TreeMap<Long, Long>> setBack = new TreeMap<>();

  /// By node and volume: disks that failed since both were last equal, perhaps with writes that
  /// were answered because the node had received them, and in the middle of an epoch.
  private final TreeSet<Long> hasFailedWrites = new TreeSet<>();

  /// By node and volume: Primaries whose `rr-conflict violently` takes the peer's data over the
  /// own.
  private final TreeSet<Long> givesIn = new TreeSet<>();

  private final TreeMap<Long, Unsettled> unsettled = new TreeMap<>();
  private long conceded;

  public AckedWriteSurvives(ClusterView view) {
    this.view = view;
  }

  /// Sectors of answered writes that were lost and were allowed to be.
  public long concededSectors() {
    return conceded;
  }

  // ---- answers

  /// A write was answered by `node`; the history knows it already.
  public void writeAnswered(int node, int volume, Extent extent) {
    StateWord state = view.state(node, volume);
    view.lineage().wrote(node, volume, state);
    if (state.disk() == DiskState.UP_TO_DATE) {
      checkThere(node, volume, extent);
    }
    int peer = 1 - node;
    if (view.promise().writesAreOnBoth() && followsClosely(node, volume)) {
      checkThere(peer, volume, extent);
    }
  }

  /// Does the node say that the peer's disk gets everything, and does the peer agree?
  private boolean followsClosely(int node, int volume) {
    StateWord mine = view.state(node, volume);
    StateWord theirs = view.state(1 - node, volume);
    return view.node(1 - node).isRunning()
        && mine.conn().isAtLeast(ConnectionState.CONNECTED)
        && mine.pdsk() == DiskState.UP_TO_DATE
        && theirs.conn().isAtLeast(ConnectionState.CONNECTED)
        && theirs.disk() == DiskState.UP_TO_DATE;
  }

  private void checkThere(int node, int volume, Extent extent) {
    VolumeHistory history = view.history(volume);
    for (long sector = extent.sector(); sector < extent.endSector(); sector++) {
      long content = view.onDrive(node, volume, sector);
      if (!history.mayBe(sector, content)) {
        throw new Violation(
            NAME, "a write was answered and is not there: " + describe(node, volume, sector));
      }
    }
  }

  /// A flush that was issued at `sinceMoment` was answered by `node`; the history knows it already.
  /// `peerFollowed` if the peer followed closely when it was issued.
  public void flushAnswered(int node, int volume, boolean peerFollowed) {
    if (view.state(node, volume).disk().isBelow(DiskState.INCONSISTENT)) {
      // Stable at the peer; the own drive, which failed, may still lose it.
      view.lineage().wrote(node, volume, view.state(node, volume));
    }
    if (!view.promise().dataIsFlushed()) {
      return;
    }
    if (view.state(node, volume).disk() == DiskState.UP_TO_DATE) {
      checkStable(node, volume);
    }
    if (view.promise().flushesReachPeer() && peerFollowed && followsClosely(node, volume)) {
      checkStable(1 - node, volume);
    }
  }

  /// What a caller of [#flushAnswered] asks when the flush is issued.
  public boolean peerFollows(int node, int volume) {
    return followsClosely(node, volume);
  }

  private void checkStable(int node, int volume) {
    long[] changed = view.history(volume).takeChangedSectors();
    for (int each = 0; each < 2; each++) {
      unsettledOf(each, volume).add(changed);
    }
    Unsettled unsettled = unsettledOf(node, volume);
    if (unsettled.mustLookAtAll()) {
      checkStable(node, volume, view.history(volume).knownSectors(), unsettled);
    } else {
      checkStable(node, volume, unsettled.take(), unsettled);
    }
  }

  private void checkStable(int node, int volume, long[] sectors, Unsettled unsettled) {
    VolumeHistory history = view.history(volume);
    for (long sector : sectors) {
      long content = view.stableOnDrive(node, volume, sector);
      if (!history.mayBeAfterPowerLoss(sector, content)) {
        throw new Violation(
            NAME,
            "a flush was answered and the drive still has %d volatile: %s"
                .formatted(content, describe(node, volume, sector)));
      }
      if (history.supersededMoment(sector, content) != Long.MAX_VALUE) {
        unsettled.add(sector);
      }
    }
  }

  private Unsettled unsettledOf(int node, int volume) {
    return unsettled.computeIfAbsent(key(node, volume), _ -> new Unsettled());
  }

  /// Sectors whose stable content may still have to change. The others were found right and stay
  /// right until something is written there; now and then, and after a crash, all are looked at.
  private static final class Unsettled {
    private static final int LOOKS_PER_FULL_LOOK = 16;

    private final BitSet sectors = new BitSet();
    private int looks;

    void add(long... more) {
      for (long sector : more) {
        sectors.set((int) sector);
      }
    }

    long[] take() {
      long[] taken = sectors.stream().asLongStream().toArray();
      sectors.clear();
      return taken;
    }

    boolean mustLookAtAll() {
      return looks++ % LOOKS_PER_FULL_LOOK == 0;
    }

    void lookAtAllNext() {
      looks = 0;
    }
  }

  // ---- crashes

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      unsettledOf(node.id(), volume).lookAtAllNext();
      if (view.lineage().isComplete(node.id(), volume)) {
        findSetBack(node.id(), volume, ending);
      }
    }
  }

  private void findSetBack(int node, int volume, SimNode.Ending ending) {
    VolumeHistory history = view.history(volume);
    TreeMap<Long, Long> back = setBackOf(node, volume);
    for (long sector : history.knownSectors()) {
      long content = view.onDrive(node, volume, sector);
      boolean isThere = history.mayBe(sector, content);
      // The answer to a write that is lost here may be on its way.
      boolean mayBeAnsweredYet =
          (ending == SimNode.Ending.POWER_CUT || !view.promise().writesAreOnBoth())
              && history.isBeingWritten(new Extent(sector, 512));
      if (isThere && !mayBeAnsweredYet) {
        continue;
      }
      if (!isThere && !mayLose(node, volume, ending, sector, content)) {
        throw new Violation(NAME, "lost by a " + ending + ": " + describe(node, volume, sector));
      }
      back.put(sector, content);
    }
  }

  private boolean mayLose(int node, int volume, SimNode.Ending ending, long sector, long content) {
    boolean wasPrimary = lastRole(node, volume) == Role.PRIMARY;
    if (!wasPrimary && !view.promise().writesAreOnBoth()) {
      return true;
    }
    if (ending == SimNode.Ending.KILL) {
      return setBackOf(node, volume).getOrDefault(sector, -1L) == content;
    }
    return !view.promise().survivesPowerCut()
        || view.history(volume).mayBeAfterPowerLoss(sector, content);
  }

  private final TreeMap<Long, Role> roles = new TreeMap<>();

  private Role lastRole(int node, int volume) {
    return roles.getOrDefault(key(node, volume), Role.SECONDARY);
  }

  private static long key(int node, int volume) {
    return volume * 2L + node;
  }

  private TreeMap<Long, Long> setBackOf(int node, int volume) {
    return setBack.computeIfAbsent(key(node, volume), _ -> new TreeMap<>());
  }

  // ---- who goes on

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.Decided(int decided, String _, List<String> rows)
        && rows.contains(SyncHandshake.Step.TARGET_IS_PRIMARY_TOLERATED.name())) {
      givesIn.add(key(node.id(), decided));
    }
    if (!(effect instanceof Effect.StateChanged changed)) {
      return;
    }
    int volume = changed.volume();
    StateWord after = changed.after();
    roles.put(key(node.id(), volume), after.role());
    if (after.disk() == DiskState.FAILED) {
      hasFailedWrites.add(key(node.id(), volume));
    }
    if (view.board().isHealthy(volume)) {
      hasFailedWrites.remove(key(0, volume));
      hasFailedWrites.remove(key(1, volume));
      setBackOf(0, volume).clear();
      setBackOf(1, volume).clear();
    }
    boolean becomesSource =
        after.conn() == ConnectionState.SYNC_SOURCE
            && changed.before().conn() != ConnectionState.SYNC_SOURCE;
    if (becomesSource && view.lineage().isComplete(node.id(), volume)) {
      concede(node.id(), volume);
    }
    boolean becomesPrimary =
        after.role() == Role.PRIMARY && changed.before().role() != Role.PRIMARY;
    if (becomesPrimary
        && after.disk() == DiskState.UP_TO_DATE
        && view.lineage().isComplete(node.id(), volume)) {
      checkServed(node.id(), volume, false);
      settleWhatWasReceived(node.id(), volume);
    }
    boolean isTakenOver = givesIn.remove(key(node.id(), volume)); // decided in the same step
    if (turnsToPeer(changed.before(), after)) {
      checkServed(1 - node.id(), volume, isTakenOver);
      view.lineage().declare(1 - node.id(), volume, true); // it has all, as was just seen
    }
  }

  /// In protocol A and B a Secondary may have what it received in its drive's cache, also what was
  /// flushed at the Primary: until the first flush after its promotion its power takes that.
  private void settleWhatWasReceived(int node, int volume) {
    VolumeHistory history = view.history(volume);
    if (view.promise().writesAreOnBoth() || history.hasOpenWrites()) {
      return;
    }
    for (long sector : history.knownSectors()) {
      long content = view.onDrive(node, volume, sector);
      long stable = view.stableOnDrive(node, volume, sector);
      if (content != stable) {
        history.settle(sector, content, stable);
      }
    }
  }

  /// A Primary without a good disk goes on with what the peer has.
  private static boolean turnsToPeer(StateWord before, StateWord after) {
    return after.role() == Role.PRIMARY
        && after.disk().isBelow(DiskState.UP_TO_DATE)
        && after.pdsk() == DiskState.UP_TO_DATE
        && after.conn().isAtLeast(ConnectionState.CONNECTED)
        && (before.conn().isBelow(ConnectionState.CONNECTED) || before.role() != Role.PRIMARY);
  }

  private void concede(int node, int volume) {
    VolumeHistory history = view.history(volume);
    setBackOf(node, volume)
        .forEach((sector, content) -> {
          if (!history.mayBe(sector, content)) {
            history.concede(sector, content);
            conceded++;
          }
        });
    setBackOf(node, volume).clear();
  }

  private void checkServed(int node, int volume, boolean isTakenOver) {
    VolumeHistory history = view.history(volume);
    concede(node, volume);
    List<Long> missing = new ArrayList<>();
    for (long sector : history.knownSectors()) {
      if (!history.mayBe(sector, view.onDrive(node, volume, sector))) {
        missing.add(sector);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    boolean hasFailed = hasFailedWrites.contains(key(node, volume));
    boolean mayLack =
        isTakenOver
            || view.promise().protocol() == ReplicationProtocol.A
            || (hasFailed && !view.promise().writesAreOnBoth());
    if (!mayLack) {
      throw new Violation(
          NAME,
          "promoted without %d answered sectors: %s"
              .formatted(missing.size(), describe(node, volume, missing.getFirst())));
    }
    if (!hasFailed && !isTakenOver) {
      checkOrder(node, volume, missing);
    }
    for (long sector : missing) {
      history.concede(sector, view.onDrive(node, volume, sector));
      conceded++;
    }
  }

  /// Protocol A: nothing is there that was written after the first missing write was answered.
  private void checkOrder(int node, int volume, List<Long> missing) {
    VolumeHistory history = view.history(volume);
    long firstLost = Long.MAX_VALUE;
    for (long sector : missing) {
      long content = view.onDrive(node, volume, sector);
      long superseded = history.supersededMoment(sector, content);
      if (superseded < 0) {
        throw new Violation(NAME, "what nobody wrote there: " + describe(node, volume, sector));
      }
      firstLost = Math.min(firstLost, superseded);
    }
    for (long sector : history.knownSectors()) {
      if (history.issuedMoment(sector, view.onDrive(node, volume, sector)) > firstLost) {
        throw new Violation(
            NAME,
            "a write is there, but not one that was answered before it was issued: "
                + describe(node, volume, sector)
                + "; not there: "
                + describe(node, volume, missing.getFirst()));
      }
    }
  }

  private String describe(int node, int volume, long sector) {
    return "%s/%d sector %d has %d (the other node %d), allowed %s"
        .formatted(
            view.node(node).name(),
            volume,
            sector,
            view.onDrive(node, volume, sector),
            view.onDrive(1 - node, volume, sector),
            view.history(volume).describe(sector));
  }
}
