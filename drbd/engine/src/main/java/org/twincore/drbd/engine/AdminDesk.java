package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.STAND_ALONE;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;

/// Carries out admin commands; each is answered once, at once or when what it started is over.
final class AdminDesk {
  private static final int MINOR_NOT_ALLOCATED = 127;
  private static final int DISCARD_IMPOSSIBLE = 123;
  private static final int HAS_NET_CONFIG = 125;
  private static final int VOLUME_EXISTS = 161;
  private static final int VOLUME_IN_USE = 160;
  private static final int NOT_STAND_ALONE = 151;
  private static final int PAUSE_ALREADY_SET = 134;
  private static final int PAUSE_ALREADY_CLEAR = 135;
  private static final int INVALID_REQUEST = 162;
  private static final int NO_DISK = 138;

  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final Resyncs resyncs;
  private final ClusterChanges changes;
  private final Disks disks;
  private final Promotion promotion;
  private final PeerLink link;
  private final Consumer<Device> onNewVolume;

  AdminDesk(
      Parts parts,
      States states,
      Parameters parameters,
      Resyncs resyncs,
      ClusterChanges changes,
      Disks disks,
      Promotion promotion,
      PeerLink link,
      Consumer<Device> onNewVolume) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.resyncs = resyncs;
    this.changes = changes;
    this.disks = disks;
    this.promotion = promotion;
    this.link = link;
    this.onNewVolume = onNewVolume;
  }

  void take(Event.Admin event) {
    Consumer<AdminResult> then =
        result -> parts.turn.add(new Effect.AdminDone(event.ticket(), result));
    switch (event.command()) {
      case AdminCommand.NewVolume command -> newVolume(command, then);
      case AdminCommand.DeleteVolume(int volume) -> with(volume, then, it -> delete(it, then));
      case AdminCommand.Attach(int volume, var image) ->
          with(volume, then, it -> disks.attach(it, image, then));
      case AdminCommand.Detach(int volume, boolean force) ->
          with(volume, then, it -> detach(it, force, then));
      case AdminCommand.Connect connect -> connect(connect, then);
      case AdminCommand.Disconnect(boolean force) -> disconnect(force, then);
      case AdminCommand.Primary(int volume, boolean force) ->
          with(volume, then, it -> promotion.promote(it, force, then));
      case AdminCommand.Secondary(int volume) ->
          with(volume, then, it -> promotion.demote(it, then));
      case AdminCommand.Invalidate(int volume) -> with(volume, then, it -> invalidate(it, then));
      case AdminCommand.InvalidateRemote(int volume) ->
          with(volume, then, it -> invalidateRemote(it, then));
      case AdminCommand.NewCurrentUuid(int volume, boolean clear) ->
          with(volume, then, it -> newCurrentUuid(it, clear, then));
      case AdminCommand.PauseSync(int volume) -> with(volume, then, it -> pause(it, true, then));
      case AdminCommand.ResumeSync(int volume) -> with(volume, then, it -> pause(it, false, then));
      case AdminCommand.Outdate(int volume) ->
          change(volume, state -> state.withDisk(DiskState.OUTDATED), "outdate", then);
      case AdminCommand.SuspendIo(int volume) ->
          change(volume, state -> state.withSusp(true), "suspend-io", then);
      case AdminCommand.ResumeIo(int volume) ->
          change(
              volume,
              state -> state.withSusp(false).withSuspNod(false).withSuspFen(false),
              "resume-io",
              then);
      case AdminCommand.DiskOptions(int volume, OptionValues options) ->
          with(volume, then, it -> diskOptions(it, options, then));
      case AdminCommand.NetOptions(OptionValues net) -> netOptions(net, then);
      case AdminCommand.ResourceOptions(OptionValues options) -> {
        parts.options = options;
        then.accept(AdminResult.OK);
      }
      case AdminCommand.Down _ -> down(then);
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

  // ---- volumes

  private void newVolume(AdminCommand.NewVolume command, Consumer<AdminResult> then) {
    if (parts.volumes.containsKey(command.volume())) {
      then.accept(
          new AdminResult.Config(VOLUME_EXISTS, "Volume " + command.volume() + " exists already"));
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

  private void delete(Volume volume, Consumer<AdminResult> then) {
    StateWord state = volume.device.state();
    boolean free =
        volume.device.backing() == null
            && state.role() == Role.SECONDARY
            && state.conn() == STAND_ALONE;
    if (free) {
      parts.volumes.remove(volume.number());
      then.accept(AdminResult.OK);
    } else {
      then.accept(new AdminResult.Config(VOLUME_IN_USE, "Minor is configured: " + state));
    }
  }

  private void detach(Volume volume, boolean force, Consumer<AdminResult> then) {
    if (volume.device.backing() == null) {
      then.accept(AdminResult.OK);
      return;
    }
    if (Disks.isGivenUp(volume)) {
      disks.whenDiskless(volume, then);
      return;
    }
    if (force) {
      disks.detach(volume, false, then);
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
      disks.detach(volume, true, then);
    }
  }

  /// The answer to a question about a detach; the world may have changed meanwhile.
  private void agreed(Volume volume, StateResult result, Consumer<AdminResult> then) {
    if (result == StateResult.NEED_CONNECTION) {
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
      disks.detach(volume, true, then);
      return;
    }
    if (result.isSuccess()) {
      states.sendState(volume);
    }
    then.accept(new AdminResult.State(last, ""));
  }

  // ---- connection

  private void connect(AdminCommand.Connect connect, Consumer<AdminResult> then) {
    if (link.conn() != STAND_ALONE) {
      then.accept(
          new AdminResult.Config(HAS_NET_CONFIG, "Device has a net-config (use disconnect first)"));
      return;
    }
    boolean primary = parts.all().stream().anyMatch(it -> it.device.state().role() == Role.PRIMARY);
    if (connect.discardMyData() && primary) {
      then.accept(
          new AdminResult.Config(
              DISCARD_IMPOSSIBLE, "--discard-my-data not allowed when primary."));
      return;
    }
    Optional<String> refusal = notYet(connect.net());
    if (refusal.isPresent()) {
      then.accept(new AdminResult.Config(INVALID_REQUEST, refusal.get()));
      return;
    }
    link.connect(connect.net(), connect.discardMyData(), connect.tentative());
    then.accept(AdminResult.OK);
  }

  /// Settings that this version does not carry out, in words.
  private static Optional<String> notYet(OptionValues net) {
    if (net.flag(Option.ALLOW_TWO_PRIMARIES)) {
      return Optional.of("allow-two-primaries is not supported by this version");
    }
    if (!net.word(Option.DATA_INTEGRITY_ALG).isEmpty()) {
      return Optional.of("data-integrity-alg is not supported by this version");
    }
    return Optional.empty();
  }

  private void disconnect(boolean force, Consumer<AdminResult> then) {
    if (link.conn() == STAND_ALONE) {
      then.accept(new AdminResult.State(StateResult.ALREADY_STAND_ALONE, ""));
    } else if (force || !link.isEstablished()) {
      leave(then);
    } else {
      // What the peer has not acknowledged by then would be marked, and sent again.
      parts.log.awaitSafety(_ -> askToLeave(then));
    }
  }

  private void askToLeave(Consumer<AdminResult> then) {
    if (!link.isEstablished()) {
      leave(then);
      return;
    }
    changes.askConnection(
        ClusterChange.DISCONNECT,
        result -> {
          boolean gone = result.isSuccess() || result == StateResult.NEED_CONNECTION;
          if (gone) {
            leave(then);
          } else {
            then.accept(new AdminResult.State(result, ""));
          }
        });
  }

  private void leave(Consumer<AdminResult> then) {
    link.leave("disconnect", () -> settled(then));
  }

  /// Answers when every mark is durable.
  private void settled(Consumer<AdminResult> then) {
    List<Volume> attached = new ArrayList<>();
    for (Volume volume : parts.all()) {
      if (volume.device.hasUsableDisk()) {
        attached.add(volume);
      }
    }
    int[] left = {attached.size()};
    if (left[0] == 0) {
      then.accept(AdminResult.OK);
    }
    for (Volume volume : attached) {
      volume
          .device
          .disk()
          .settle(_ -> {
            left[0]--;
            if (left[0] == 0) {
              then.accept(AdminResult.OK);
            }
          });
    }
  }

  private void netOptions(OptionValues net, Consumer<AdminResult> then) {
    Optional<String> refusal = notYet(net);
    if (refusal.isPresent()) {
      then.accept(new AdminResult.Config(INVALID_REQUEST, refusal.get()));
      return;
    }
    link.reconfigure(net);
    parts.all().forEach(AdminDesk.this::retune);
    then.accept(AdminResult.OK);
  }

  private void diskOptions(Volume volume, OptionValues options, Consumer<AdminResult> then) {
    volume.device.setOptions(options);
    retune(volume);
    if (ClusterChanges.isConnected(volume)) {
      parameters.sendSyncParam(volume);
    }
    then.accept(AdminResult.OK);
  }

  private void retune(Volume volume) {
    volume.pacing.retune(Volume.tuning(volume.device.options(), parts.peering.net()));
  }

  // ---- data

  private void invalidate(Volume volume, Consumer<AdminResult> then) {
    if (ClusterChanges.isConnected(volume)) {
      full(volume, ConnectionState.STARTING_SYNC_T, ClusterChange.INVALIDATE, then);
      return;
    }
    if (!volume.device.hasUsableDisk()) {
      then.accept(new AdminResult.Config(NO_DISK, "Device is diskless"));
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

  private void invalidateRemote(Volume volume, Consumer<AdminResult> then) {
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

  private void newCurrentUuid(Volume volume, boolean clear, Consumer<AdminResult> then) {
    Device device = volume.device;
    if (!device.hasUsableDisk()) {
      then.accept(new AdminResult.Config(NO_DISK, "Device is diskless"));
      return;
    }
    boolean skips =
        device.state().conn() == CONNECTED
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
      states.force(
          volume,
          state -> state.withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE),
          "the initial sync is skipped");
    }
    device.disk().settle(_ -> then.accept(AdminResult.OK));
  }

  private void pause(Volume volume, boolean pause, Consumer<AdminResult> then) {
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

  // ---- down

  /// Each volume Secondary, then no connection, then no disk.
  private void down(Consumer<AdminResult> then) {
    demoteNext(new ArrayList<>(parts.all()), then);
  }

  private void demoteNext(List<Volume> left, Consumer<AdminResult> then) {
    if (left.isEmpty()) {
      disconnect(false, result -> disconnected(result, then));
      return;
    }
    promotion.demote(
        left.removeFirst(),
        result -> {
          if (result.isSuccess()) {
            demoteNext(left, then);
          } else {
            then.accept(result);
          }
        });
  }

  private void disconnected(AdminResult result, Consumer<AdminResult> then) {
    if (link.conn() == STAND_ALONE) {
      detachNext(new ArrayList<>(parts.all()), then);
    } else if (result.isSuccess()) {
      then.accept(new AdminResult.State(StateResult.IN_TRANSIENT_STATE, ""));
    } else {
      leave(again -> detachNext(new ArrayList<>(parts.all()), then));
    }
  }

  private void detachNext(List<Volume> left, Consumer<AdminResult> then) {
    if (left.isEmpty()) {
      then.accept(AdminResult.OK);
      return;
    }
    detach(
        left.removeFirst(),
        false,
        result -> {
          if (result.isSuccess()) {
            detachNext(left, then);
          } else {
            then.accept(result);
          }
        });
  }
}
