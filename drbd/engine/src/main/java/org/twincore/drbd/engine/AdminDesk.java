package org.twincore.drbd.engine;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.StateWord;

/// Carries out admin commands; each is answered once, at once or when what it started is over.
final class AdminDesk {
  private static final int MINOR_NOT_ALLOCATED = 127;

  private final Parts parts;
  private final States states;
  private final Disks disks;
  private final Promotion promotion;
  private final VolumeCommands volumes;
  private final ConnectionCommands connection;
  private final DataCommands data;
  private final Verifies verifies;
  private final ResizeCommand resizing;
  private final DownCommand down;
  private final Repairs repairs;
  private final Undoing undoing;

  AdminDesk(
      Parts parts,
      States states,
      Parameters parameters,
      Resyncs resyncs,
      ClusterChanges changes,
      Disks disks,
      Promotion promotion,
      Verifies verifies,
      Resizes resizes,
      Undoing undoing,
      NetSettings settings,
      PeerLink link,
      Consumer<Device> onNewVolume) {
    this.parts = parts;
    this.states = states;
    this.disks = disks;
    this.promotion = promotion;
    this.verifies = verifies;
    volumes = new VolumeCommands(parts, states, parameters, changes, disks, link, onNewVolume);
    connection = new ConnectionCommands(parts, states, parameters, changes, settings, link);
    this.undoing = undoing;
    data = new DataCommands(parts, states, resyncs, changes);
    repairs = new Repairs(parts, states, resyncs);
    resizing = new ResizeCommand(parts, states, parameters, resizes);
    down = new DownCommand(parts, promotion, link, volumes, connection);
  }

  void take(Event.Admin event) {
    Consumer<AdminResult> then =
        result -> parts.turn.add(new Effect.AdminDone(event.ticket(), result));
    switch (event.command()) {
      case AdminCommand.NewVolume command -> volumes.create(command, then);
      case AdminCommand.DeleteVolume(int volume) ->
          with(volume, then, it -> volumes.delete(it, then));
      case AdminCommand.Attach attach ->
          with(attach.volume(), then, it -> disks.attach(it, attach, then));
      case AdminCommand.StopUndo(int volume) -> with(volume, then, it -> undoing.stop(it, then));
      case AdminCommand.Detach(int volume, boolean force) ->
          with(volume, then, it -> volumes.detach(it, force, then));
      case AdminCommand.Connect connect -> connection.connect(connect, then);
      case AdminCommand.Disconnect(boolean force) -> connection.disconnect(force, then);
      case AdminCommand.Primary(int volume, boolean force) ->
          with(volume, then, it -> promotion.promote(it, force, then));
      case AdminCommand.Secondary(int volume) ->
          with(volume, then, it -> promotion.demote(it, then));
      case AdminCommand.Invalidate(int volume) ->
          with(volume, then, it -> data.invalidate(it, then));
      case AdminCommand.InvalidateRemote(int volume) ->
          with(volume, then, it -> data.invalidateRemote(it, then));
      case AdminCommand.NewCurrentUuid(int volume, boolean clear) ->
          with(volume, then, it -> data.newCurrentUuid(it, clear, then));
      case AdminCommand.PauseSync(int volume) ->
          with(volume, then, it -> data.pause(it, true, then));
      case AdminCommand.ResumeSync(int volume) ->
          with(volume, then, it -> data.pause(it, false, then));
      case AdminCommand.Verify verify ->
          with(verify.volume(), then, it -> verifies.begin(it, verify, then));
      case AdminCommand.Repair(int volume, var source) ->
          with(volume, then, it -> repairs.begin(it, source, then));
      case AdminCommand.Resize resize ->
          with(resize.volume(), then, it -> resizing.resize(it, resize, then));
      case AdminCommand.Outdate(int volume) ->
          with(volume, then, it -> disks.afterAttach(it, () -> data.outdate(it, then)));
      case AdminCommand.SuspendIo(int volume) ->
          change(volume, state -> state.withSusp(true), "suspend-io", then);
      case AdminCommand.ResumeIo(int volume) ->
          change(
              volume,
              state -> state.withSusp(false).withSuspNod(false).withSuspFen(false),
              "resume-io",
              then);
      case AdminCommand.DiskOptions(int volume, OptionValues options) ->
          with(volume, then, it -> connection.diskOptions(it, options, then));
      case AdminCommand.NetOptions(OptionValues net) -> connection.netOptions(net, then);
      case AdminCommand.ResourceOptions(OptionValues options) -> {
        parts.options = options;
        then.accept(AdminResult.OK);
      }
      case AdminCommand.Down _ -> down.down(then);
    }
  }

  private void with(int number, Consumer<AdminResult> then, Consumer<Volume> what) {
    Volume volume = parts.volumes.get(number);
    if (volume == null) {
      then.accept(new AdminResult.Config(MINOR_NOT_ALLOCATED, "Unknown volume " + number));
    } else {
      what.accept(volume);
    }
  }

  private void change(
      int number, UnaryOperator<StateWord> change, String reason, Consumer<AdminResult> then) {
    with(
        number,
        then,
        volume ->
            then.accept(
                new AdminResult.State(
                    states.change(volume, change, StateRules.Force.SOFT, reason), "")));
  }
}
