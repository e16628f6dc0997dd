package org.twincore.sim.check;

import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// Never are both nodes Primary for a volume, unless the run has a reason to allow it, or one of
/// them has neither disk nor peer: it serves nobody, and whoever took its place cannot know of it.
public final class OnePrimary implements NodeWatcher {
  private final ClusterView view;
  private boolean allowsTwo;

  public OnePrimary(ClusterView view) {
    this.view = view;
  }

  /// The run lets an admin promote a node that cannot know of the other Primary.
  public void allowTwo(boolean allowed) {
    allowsTwo = allowed;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (allowsTwo || !(effect instanceof Effect.StateChanged changed)) {
      return;
    }
    int volume = changed.volume();
    boolean isAnyHelpless =
        view.board().isHelpless(0, volume) || view.board().isHelpless(1, volume);
    if (view.board().bothPrimary(volume) && !isAnyHelpless) {
      throw new Violation(
          "OnePrimary",
          "volume %d: core-01 is %s, core-02 is %s"
              .formatted(volume, view.state(0, volume), view.state(1, volume)));
    }
  }
}
