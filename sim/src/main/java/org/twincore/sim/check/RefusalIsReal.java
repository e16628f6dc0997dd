package org.twincore.sim.check;

import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// A node gives up its connection (StandAlone) only if an admin asked for it or only for a dry run,
/// if both nodes were Primary alone, if a Primary lost the disk with its latest generation, if both
/// are Primary though one has neither disk nor peer or were so when they began to meet, if a drive
/// of another resource was put in, or if the run made the settings differ.
public final class RefusalIsReal implements NodeWatcher {
  private final ClusterView view;
  private final boolean[] wantsConnection = new boolean[2];

  /// Which nodes were Primary beside another one while they shook hands: what the peer said of its
  /// role is perhaps no longer so when it arrives.
  private final boolean[] metAsPrimary = new boolean[2];

  private boolean settingsDiffer;
  private long refusals;

  public RefusalIsReal(ClusterView view) {
    this.view = view;
  }

  /// The run gave the nodes settings that do not go together.
  public void settingsDiffer(boolean differ) {
    settingsDiffer = differ;
  }

  /// Refusals that were real.
  public long refusals() {
    return refusals;
  }

  @Override
  public void event(SimNode node, Event event) {
    if (event instanceof Event.Admin(long _, AdminCommand command)) {
      switch (command) {
        // Refused where there is a connection, and a dry run stays one.
        case AdminCommand.Connect(var _, boolean _, boolean tentative) ->
            wantsConnection[node.id()] |=
                !tentative && view.state(node.id(), 0).conn() == ConnectionState.STAND_ALONE;
        case AdminCommand.Disconnect _, AdminCommand.Down _ -> wantsConnection[node.id()] = false;
        default -> {}
      }
    }
  }

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    wantsConnection[node.id()] = false;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (!(effect instanceof Effect.StateChanged changed)) {
      return;
    }
    remember(node, changed);
    if (!wantsConnection[node.id()]) {
      return;
    }
    if (changed.after().conn() == ConnectionState.DISCONNECTING
        && changed.reason().startsWith("congestion-")) {
      // `on-congestion disconnect`, which only runs that want it have.
      wantsConnection[node.id()] = false;
      return;
    }
    boolean gaveUp =
        changed.after().conn() == ConnectionState.STAND_ALONE
            && changed.before().conn() != ConnectionState.STAND_ALONE;
    if (!gaveUp) {
      return;
    }
    if (settingsDiffer
        || metAsPrimary[node.id()]
        || isInAnyVolume(this::mustRefuse)
        || isInAnyVolume(volume -> isLastOne(node, volume))
        || hasLostItsGeneration(node)) {
      refusals++;
      return;
    }
    throw new Violation(
        "RefusalIsReal",
        "%s/%d gave up its connection (%s): %s"
            .formatted(node.name(), changed.volume(), changed.reason(), changed.after()));
  }

  private void remember(SimNode node, Effect.StateChanged changed) {
    if (changed.after().conn() == ConnectionState.WF_CONNECTION) {
      metAsPrimary[node.id()] = false;
    }
    for (int id = 0; id < 2; id++) {
      boolean meets = view.state(id, changed.volume()).conn() == ConnectionState.WF_REPORT_PARAMS;
      metAsPrimary[id] |= meets && view.board().bothPrimary(changed.volume());
    }
  }

  /// A Primary that was alone and then lost its disk: the peer does not have what it had last. Or
  /// one whose peer began a new generation for it, and it never heard of that.
  private boolean hasLostItsGeneration(SimNode node) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      StateWord state = view.state(node.id(), volume);
      if (state.role() == Role.PRIMARY
          && state.disk().isBelow(DiskState.INCONSISTENT)
          && (view.lineage().wasAlone(0, volume) || view.lineage().wasAlone(1, volume))) {
        return true;
      }
    }
    return false;
  }

  /// A Primary that lost its disk while the peer's was not yet whole: nobody else has its data.
  private boolean isLastOne(SimNode node, int volume) {
    StateWord state = view.state(node.id(), volume);
    return state.role() == Role.PRIMARY
        && state.disk().isBelow(DiskState.INCONSISTENT)
        && view.state(1 - node.id(), volume).disk() == DiskState.INCONSISTENT;
  }

  private boolean mustRefuse(int volume) {
    return view.lineage().isSplit(volume)
        || view.lineage().isAnyForeign(volume)
        || view.board().bothPrimary(volume);
  }

  private boolean isInAnyVolume(IntPredicate what) {
    return IntStream.range(0, view.volumes()).anyMatch(what);
  }
}
