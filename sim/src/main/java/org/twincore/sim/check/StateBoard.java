package org.twincore.sim.check;

import java.util.TreeMap;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// The last state that each node published for each volume.
public final class StateBoard implements NodeWatcher {
  private final TreeMap<Integer, TreeMap<Integer, StateWord>> states = new TreeMap<>();

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.StateChanged changed) {
      ofNode(node.id()).put(changed.volume(), changed.after());
    }
  }

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    ofNode(node.id()).clear();
  }

  private TreeMap<Integer, StateWord> ofNode(int node) {
    return states.computeIfAbsent(node, _ -> new TreeMap<>());
  }

  public StateWord of(int node, int volume) {
    return ofNode(node).getOrDefault(volume, StateWord.INITIAL);
  }

  public boolean isPrimary(int node, int volume) {
    return of(node, volume).role() == Role.PRIMARY;
  }

  public boolean bothPrimary(int volume) {
    return isPrimary(0, volume) && isPrimary(1, volume);
  }

  /// Is the node a Primary that has neither a usable disk nor a peer? It can answer no request.
  public boolean isHelpless(int node, int volume) {
    StateWord state = of(node, volume);
    return state.role() == Role.PRIMARY
        && state.disk().isBelow(DiskState.OUTDATED)
        && !isConnected(node, volume);
  }

  public boolean isConnected(int node, int volume) {
    return of(node, volume).conn().isAtLeast(ConnectionState.CONNECTED);
  }

  /// Do both nodes say Connected, with both disks UpToDate?
  public boolean isHealthy(int volume) {
    return isHealthy(0, volume) && isHealthy(1, volume);
  }

  private boolean isHealthy(int node, int volume) {
    StateWord state = of(node, volume);
    return state.conn() == ConnectionState.CONNECTED
        && state.disk() == DiskState.UP_TO_DATE
        && state.pdsk() == DiskState.UP_TO_DATE;
  }
}
