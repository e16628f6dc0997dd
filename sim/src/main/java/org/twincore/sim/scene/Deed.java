package org.twincore.sim.scene;

import java.util.function.BiConsumer;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;

/// The one thing that goes wrong, at a node: a fault, or a command that comes at the wrong time.
/// One alone may cost nothing that was answered in protocol C.
enum Deed {
  KILL((stage, node) -> stage.nodes.get(node).end(SimNode.Ending.KILL, SimStore.Keep.EVERYTHING)),
  POWER_CUT(
      (stage, node) -> stage.nodes.get(node).end(SimNode.Ending.POWER_CUT, SimStore.Keep.NOTHING)),
  CONNECTION_BREAKS((stage, _) -> stage.network.breakConnection()),
  WAY_IS_CLOSED((stage, node) -> stage.network.open(node, false)),
  DISK_DIES((stage, node) -> fails(stage, node, SimDrive.Failing.EVERYTHING)),
  READS_FAIL((stage, node) -> fails(stage, node, SimDrive.Failing.READS)),
  METADATA_FAILS((stage, node) -> fails(stage, node, SimDrive.Failing.METADATA)),
  FORCED_DETACH((stage, node) -> stage.begin(node, new AdminCommand.Detach(0, true))),
  DETACH((stage, node) -> stage.begin(node, new AdminCommand.Detach(0, false))),
  FORCED_DISCONNECT((stage, node) -> stage.begin(node, new AdminCommand.Disconnect(true))),
  DISCONNECT((stage, node) -> stage.begin(node, new AdminCommand.Disconnect(false))),
  PAUSE_SYNC((stage, node) -> stage.begin(node, new AdminCommand.PauseSync(0))),
  SUSPEND_IO((stage, node) -> stage.begin(node, new AdminCommand.SuspendIo(0))),
  OUTDATE((stage, node) -> stage.begin(node, new AdminCommand.Outdate(0))),
  INVALIDATE((stage, node) -> stage.begin(node, new AdminCommand.Invalidate(0)));

  private final BiConsumer<Stage, Integer> what;

  Deed(BiConsumer<Stage, Integer> what) {
    this.what = what;
  }

  private static void fails(Stage stage, int node, SimDrive.Failing how) {
    stage.nodes.get(node).drive(0).health().failing(how);
  }

  void happen(Stage stage, int node) {
    stage.simulation.trace().line("now at node " + node + ": " + this);
    what.accept(stage, node);
  }
}
