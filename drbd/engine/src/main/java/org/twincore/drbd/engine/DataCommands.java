package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.STAND_ALONE;

import java.util.function.Consumer;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;

/// Declares data invalid or new, and pauses the resync that follows.
final class DataCommands {
  private static final int NOT_STAND_ALONE = 151;
  private static final int PAUSE_ALREADY_SET = 134;
  private static final int PAUSE_ALREADY_CLEAR = 135;
  private static final AdminResult DISKLESS = new AdminResult.Config(138, "Device is diskless");

  private final Parts parts;
  private final States states;
  private final Resyncs resyncs;
  private final ClusterChanges changes;

  DataCommands(Parts parts, States states, Resyncs resyncs, ClusterChanges changes) {
    this.parts = parts;
    this.states = states;
    this.resyncs = resyncs;
    this.changes = changes;
  }

  void invalidate(Volume volume, Consumer<AdminResult> then) {
    if (ClusterChanges.isConnected(volume)) {
      full(volume, ConnectionState.STARTING_SYNC_T, ClusterChange.INVALIDATE, then);
      return;
    }
    if (!volume.device.hasUsableDisk()) {
      then.accept(DISKLESS);
      return;
    }
    StateResult result =
        states.change(
            volume,
            state -> state.withDisk(DiskState.INCONSISTENT),
            StateRules.Force.SOFT,
            "invalidate");
    if (result.isSuccess()) {
      resyncs.markAll(volume);
      volume.device.disk().settle(_ -> then.accept(new AdminResult.State(result, "")));
    } else {
      then.accept(new AdminResult.State(result, ""));
    }
  }

  void invalidateRemote(Volume volume, Consumer<AdminResult> then) {
    if (ClusterChanges.isConnected(volume)) {
      full(volume, ConnectionState.STARTING_SYNC_S, ClusterChange.INVALIDATE_REMOTE, then);
      return;
    }
    boolean alone = volume.device.state().role() == Role.PRIMARY && volume.device.hasUsableDisk();
    if (!alone) {
      then.accept(new AdminResult.State(StateResult.NEED_CONNECTION, ""));
      return;
    }
    StateResult result =
        states.change(
            volume,
            state -> state.withPdsk(DiskState.INCONSISTENT),
            StateRules.Force.SOFT,
            "invalidate-remote");
    resyncs.markAll(volume);
    volume.device.disk().settle(_ -> then.accept(new AdminResult.State(result, "")));
  }

  private void full(
      Volume volume,
      ConnectionState start,
      ClusterChange.Change change,
      Consumer<AdminResult> then) {
    if (!volume.device.hasUsableDisk()) {
      then.accept(DISKLESS);
      return;
    }
    StateRules.Outcome outcome =
        states.judge(volume, state -> state.withConn(start), StateRules.Force.SOFT);
    if (!outcome.isSuccess()) {
      then.accept(new AdminResult.State(outcome.result(), ""));
      return;
    }
    changes.ask(
        volume.number(),
        change,
        result -> {
          if (!volume.device.hasUsableDisk()) {
            // It went away while the peer was asked.
            then.accept(DISKLESS);
            return;
          }
          StateResult made =
              result.isSuccess()
                  ? states.change(
                      volume,
                      state -> state.withConn(start),
                      StateRules.Force.SOFT,
                      "all data of one side declared invalid")
                  : result;
          if (made.isSuccess()) {
            resyncs.startFull(volume);
          }
          then.accept(new AdminResult.State(made, ""));
        });
  }

  void newCurrentUuid(Volume volume, boolean clear, Consumer<AdminResult> then) {
    Device device = volume.device;
    if (!device.hasUsableDisk()) {
      then.accept(DISKLESS);
      return;
    }
    boolean skips =
        device.state().conn() == CONNECTED
            && parts.peering.has(Since.SKIPPED_SYNC)
            && device.uuids().currentIdentity() == GenerationUuids.JUST_CREATED
            && clear;
    if (!skips && device.state().conn() != STAND_ALONE) {
      then.accept(new AdminResult.Config(NOT_STAND_ALONE, "Device must be StandAlone"));
      return;
    }
    volume.setUuids(
        UuidChanges.newCurrentByAdmin(device.uuids(), device.state().role(), parts.random));
    if (clear) {
      device.disk().clearAll();
      device.disk().writeBitmap(_ -> {});
    }
    if (skips) {
      states.sendUuids(volume, UuidFlags.SKIP_INITIAL_SYNC);
      volume.setUuids(device.uuids().withBitmap(0));
      device.setPeerUuids(new Packet.Uuids(device.uuids(), 0, 0));
      states.force(
          volume,
          state -> state.withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE),
          "the initial sync is skipped");
      device.setSkippedSync(true);
    }
    device.disk().settle(_ -> then.accept(AdminResult.OK));
  }

  /// While the peer is there this disk follows it, and cannot be behind. (The kernel answers that
  /// there is nothing to do, and leaves it as it is.)
  void outdate(Volume volume, Consumer<AdminResult> then) {
    StateWord state = volume.device.state();
    boolean follows =
        state.conn().isAtLeast(CONNECTED) && state.disk().isAtLeast(DiskState.OUTDATED);
    StateResult result =
        follows
            ? StateResult.CONNECTED_OUTDATES
            : states.change(
                volume, it -> it.withDisk(DiskState.OUTDATED), StateRules.Force.SOFT, "outdate");
    then.accept(new AdminResult.State(result, ""));
  }

  void pause(Volume volume, boolean pause, Consumer<AdminResult> then) {
    if (!pause) {
      volume.undo.retry();
    }
    StateResult result =
        states.change(
            volume,
            state -> state.withUserIsp(pause),
            StateRules.Force.SOFT,
            pause ? "pause-sync" : "resume-sync");
    if (result == StateResult.NOTHING_TO_DO) {
      then.accept(
          pause
              ? new AdminResult.Config(PAUSE_ALREADY_SET, "Sync-pause flag is already set")
              : new AdminResult.Config(PAUSE_ALREADY_CLEAR, "Sync-pause flag is already cleared"));
    } else {
      then.accept(new AdminResult.State(result, ""));
    }
  }
}
