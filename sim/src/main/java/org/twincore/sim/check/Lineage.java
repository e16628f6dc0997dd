package org.twincore.sim.check;

import java.util.TreeMap;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// Which replicas are complete, that is have to hold every acknowledged write, and which node was
/// Primary alone since the two were last equal. Known from what the nodes published, not from what
/// they wrote.
///
/// Both are complete when both say Connected UpToDate/UpToDate. A replica stops to be complete when
/// the other node answers a write without it. A node was alone if its data were used without the
/// other's: by itself as Primary, or by a diskless Primary. If both were alone, the brain is split.
public final class Lineage implements NodeWatcher {
  private final StateBoard board;
  private final TreeMap<Integer, boolean[]> complete = new TreeMap<>();
  private final TreeMap<Integer, boolean[]> alone = new TreeMap<>();
  private final TreeMap<Integer, boolean[]> foreign = new TreeMap<>();

  Lineage(StateBoard board, int volumes) {
    this.board = board;
    for (int volume = 0; volume < volumes; volume++) {
      complete.put(volume, new boolean[2]);
      alone.put(volume, new boolean[2]);
      foreign.put(volume, new boolean[2]);
    }
  }

  private static boolean[] flags(TreeMap<Integer, boolean[]> map, int volume) {
    return map.computeIfAbsent(volume, _ -> new boolean[2]);
  }

  /// Must the node's drive hold every acknowledged write of the volume?
  public boolean isComplete(int node, int volume) {
    return flags(complete, volume)[node];
  }

  /// Was the node's data used without the other one's since both were last equal?
  public boolean wasAlone(int node, int volume) {
    return flags(alone, volume)[node];
  }

  /// Was the data of both used without the other one's since both were last equal?
  public boolean isSplit(int volume) {
    return wasAlone(0, volume) && wasAlone(1, volume);
  }

  /// The node, being in that state, has answered a write: perhaps only one of the two has it.
  void wrote(int node, int volume, StateWord state) {
    boolean[] completes = flags(complete, volume);
    boolean peerHasIt =
        state.conn().isAtLeast(ConnectionState.CONNECTED) && state.pdsk() == DiskState.UP_TO_DATE;
    if (state.disk() == DiskState.UP_TO_DATE && !peerHasIt) {
      completes[1 - node] = false;
    }
    if (state.disk().isBelow(DiskState.INCONSISTENT) && completes[1 - node]) {
      completes[node] = false;
    }
  }

  /// The run decides: the node's data is the truth, or is no longer.
  public void declare(int node, int volume, boolean isComplete) {
    flags(complete, volume)[node] = isComplete;
  }

  /// Somebody put a drive of another resource there, or has made it one of this resource again.
  public void declareForeign(int node, int volume, boolean isForeign) {
    flags(foreign, volume)[node] = isForeign;
    flags(complete, volume)[node] = false;
  }

  /// Is the drive in the node one of another resource?
  public boolean isForeign(int node, int volume) {
    return flags(foreign, volume)[node];
  }

  /// The same of either node's drive.
  public boolean isAnyForeign(int volume) {
    return isForeign(0, volume) || isForeign(1, volume);
  }

  /// An admin threw the split away: what this node wrote alone is forgotten.
  public void forgive(int node, int volume) {
    flags(alone, volume)[node] = false;
    flags(complete, volume)[node] = false;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.StateChanged changed) {
      hasDiskBack(node.id(), changed);
      hasFetchedAll(node.id(), changed);
      changed(node.id(), changed.volume(), changed.after());
    }
  }

  /// A Primary that lost its disk goes on with it: so it says that nothing was written without it.
  private void hasDiskBack(int node, Effect.StateChanged changed) {
    StateWord after = changed.after();
    if (after.role() == Role.PRIMARY
        && after.conn().isBelow(ConnectionState.CONNECTED)
        && after.disk() == DiskState.UP_TO_DATE
        && changed.before().disk() != DiskState.UP_TO_DATE) {
      flags(complete, changed.volume())[node] = true;
    }
  }

  /// The target of a resync says that it is through: from then on it may count as good, also if the
  /// source never hears of it.
  private void hasFetchedAll(int node, Effect.StateChanged changed) {
    boolean[] completes = flags(complete, changed.volume());
    boolean isThrough =
        changed.before().conn() == ConnectionState.SYNC_TARGET
            && changed.after().conn() == ConnectionState.CONNECTED
            && changed.after().disk() == DiskState.UP_TO_DATE;
    completes[node] |= isThrough && completes[1 - node];
  }

  private void changed(int node, int volume, StateWord after) {
    boolean[] completes = flags(complete, volume);
    int other = 1 - node;
    if (board.isHealthy(volume)) {
      completes[0] = true;
      completes[1] = true;
      alone.put(volume, new boolean[2]);
      return;
    }
    boolean isPrimary = after.role() == Role.PRIMARY;
    boolean isConnected = after.conn().isAtLeast(ConnectionState.CONNECTED);
    if (isPrimary && !(isConnected && after.pdsk() == DiskState.UP_TO_DATE)) {
      boolean isUpToDate = after.disk() == DiskState.UP_TO_DATE;
      boolean lacksPeer =
          !isConnected
              || after.pdsk().isBelow(DiskState.INCONSISTENT)
              || after.conn() == ConnectionState.AHEAD;
      flags(alone, volume)[node] |= isUpToDate && lacksPeer;
    }
    boolean servesDiskless =
        after.peer() == Role.PRIMARY
            && after.pdsk().isBelow(DiskState.INCONSISTENT)
            && after.disk() == DiskState.UP_TO_DATE;
    flags(alone, volume)[node] |= servesDiskless;
    boolean hasOldDisk =
        after.disk().isAtLeast(DiskState.INCONSISTENT)
            && after.disk().isBelow(DiskState.UP_TO_DATE);
    if (hasOldDisk && isPrimary && completes[other]) {
      completes[node] = false;
    }
    boolean peerGoesOn = board.isPrimary(other, volume) && completes[other];
    if (after.disk().isBelow(DiskState.CONSISTENT) && peerGoesOn) {
      completes[node] = false;
    }
  }
}
