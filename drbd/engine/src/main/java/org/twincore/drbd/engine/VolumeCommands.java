package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.STAND_ALONE;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.Optional;
import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.StateWord;

/// Creates and deletes volumes, and takes their disks away.
final class VolumeCommands {
  private static final int VOLUME_EXISTS = 161;
  private static final int VOLUME_IN_USE = 160;

  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final ClusterChanges changes;
  private final Disks disks;
  private final PeerLink link;
  private final Consumer<Device> onNewVolume;

  VolumeCommands(
      Parts parts,
      States states,
      Parameters parameters,
      ClusterChanges changes,
      Disks disks,
      PeerLink link,
      Consumer<Device> onNewVolume) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.changes = changes;
    this.disks = disks;
    this.link = link;
    this.onNewVolume = onNewVolume;
  }

  void create(AdminCommand.NewVolume command, Consumer<AdminResult> then) {
    if (parts.volumes.containsKey(command.volume())) {
      then.accept(
          new AdminResult.Config(VOLUME_EXISTS, "Volume " + command.volume() + " exists already"));
      return;
    }
    Optional<AdminResult> tooOld = new OldPeers(parts).refusesVolume(command.volume());
    if (tooOld.isPresent()) {
      then.accept(tooOld.get());
      return;
    }
    Device device = new Device(command.volume(), command.minor(), command.disk(), parts.turn);
    onNewVolume.accept(device);
    Volume volume = parts.volumes.get(command.volume());
    if (volume != null && link.conn() != STAND_ALONE) {
      boolean talks = link.conn().isAtLeast(WF_REPORT_PARAMS);
      device.setState(StateWord.INITIAL.withConn(talks ? WF_REPORT_PARAMS : link.conn()));
      if (talks) {
        parameters.sendAll(volume, 0);
        states.sendState(volume);
      }
    }
    then.accept(AdminResult.OK);
  }

  void delete(Volume volume, Consumer<AdminResult> then) {
    StateWord state = volume.device.state();
    boolean free =
        volume.device.backing() == null
            && state.role() == Role.SECONDARY
            && state.conn() == STAND_ALONE
            && volume.isIdle();
    if (free) {
      parts.volumes.remove(volume.number());
      then.accept(AdminResult.OK);
    } else {
      then.accept(new AdminResult.Config(VOLUME_IN_USE, "Minor is configured: " + state));
    }
  }

  void detach(Volume volume, boolean force, Consumer<AdminResult> then) {
    if (volume.device.backing() == null) {
      then.accept(AdminResult.OK);
      return;
    }
    if (force) {
      disks.abandon(volume, then);
      return;
    }
    if (Disks.isGivenUp(volume)) {
      disks.whenDiskless(volume, then);
      return;
    }
    StateRules.Outcome outcome =
        states.judge(volume, state -> state.withDisk(DiskState.FAILED), StateRules.Force.SOFT);
    if (!outcome.isSuccess()) {
      then.accept(new AdminResult.State(outcome.result(), ""));
    } else if (ClusterChange.needsPeer(volume.device.state(), outcome.state()).isPresent()) {
      // What the peer has only in its cache may soon be nowhere else.
      parts.log.awaitSafety(
          _ -> changes.ask(volume.number(), ClusterChange.DETACH, it -> agreed(volume, it, then)));
    } else {
      disks.detach(volume, then);
    }
  }

  /// The answer to a question about a detach; the world may have changed meanwhile.
  private void agreed(Volume volume, StateResult result, Consumer<AdminResult> then) {
    boolean isOver = volume.device.backing() == null || Disks.isGivenUp(volume);
    if (isOver || result == StateResult.NEED_CONNECTION) {
      detach(volume, false, then);
      return;
    }
    StateResult last =
        result.isSuccess()
            ? states
                .judge(volume, state -> state.withDisk(DiskState.FAILED), StateRules.Force.SOFT)
                .result()
            : result;
    if (last.isSuccess()) {
      disks.detach(volume, then);
      return;
    }
    if (result.isSuccess()) {
      states.sendState(volume);
    }
    then.accept(new AdminResult.State(last, ""));
  }
}
