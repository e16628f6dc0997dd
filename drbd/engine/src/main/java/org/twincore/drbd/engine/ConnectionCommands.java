package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.STAND_ALONE;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.StateWord;

/// Connects, disconnects, and takes new options of the connection and of the disks.
final class ConnectionCommands {
  private static final int DISCARD_IMPOSSIBLE = 123;
  private static final int HAS_NET_CONFIG = 125;

  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final ClusterChanges changes;
  private final NetSettings settings;
  private final PeerLink link;
  private final SettingsRules rules;

  ConnectionCommands(
      Parts parts,
      States states,
      Parameters parameters,
      ClusterChanges changes,
      NetSettings settings,
      PeerLink link) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.changes = changes;
    this.settings = settings;
    this.link = link;
    this.rules = new SettingsRules(parts);
  }

  void connect(AdminCommand.Connect connect, Consumer<AdminResult> then) {
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
    Optional<AdminResult> refusal = rules.refuses(connect.net());
    if (refusal.isPresent()) {
      then.accept(refusal.get());
      return;
    }
    link.connect(connect.net(), connect.discardMyData(), connect.tentative());
    then.accept(AdminResult.OK);
  }

  void disconnect(boolean force, Consumer<AdminResult> then) {
    if (link.conn() == STAND_ALONE) {
      then.accept(new AdminResult.State(StateResult.SUCCESS, "")); // as the kernel answers it
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
    boolean fences = mustOutdatePeer();
    changes.askConnection(
        fences ? ClusterChange.DISCONNECT_OUTDATING_PEER : ClusterChange.DISCONNECT,
        result -> left(result, fences, then));
  }

  /// A Primary with `fencing` leaves only a peer that cannot take its place.
  private boolean mustOutdatePeer() {
    return parts.all().stream()
        .map(volume ->
            states.judge(
                volume,
                state -> state.withConn(ConnectionState.DISCONNECTING),
                StateRules.Force.SOFT))
        .anyMatch(outcome -> outcome.result() == StateResult.PRIMARY_NOP);
  }

  private void left(StateResult result, boolean fences, Consumer<AdminResult> then) {
    if (result.isSuccess() && fences) {
      part(state -> state.withPdsk(DiskState.OUTDATED));
    }
    if (result.isSuccess() || result == StateResult.NEED_CONNECTION) {
      leave(then);
    } else if (result == StateResult.REFUSED_BY_PEER && isSecondary()) {
      changes.askConnection(
          ClusterChange.DISCONNECT_OUTDATING_SELF, second -> leftOutdated(second, then));
    } else {
      then.accept(new AdminResult.State(result, ""));
    }
  }

  private boolean isSecondary() {
    return parts.all().stream().allMatch(it -> it.device.state().role() == Role.SECONDARY);
  }

  /// The peer, a Primary with `fencing`, lets go only of a disk that says that it is behind.
  private void leftOutdated(StateResult result, Consumer<AdminResult> then) {
    if (!result.isSuccess() && result != StateResult.NEED_CONNECTION) {
      then.accept(new AdminResult.State(result, ""));
      return;
    }
    if (result.isSuccess()) {
      part(state -> state.withDisk(DiskState.OUTDATED));
    }
    leave(then);
  }

  /// Both sides know who is behind from now on.
  private void part(UnaryOperator<StateWord> behind) {
    for (Volume volume : parts.all()) {
      states.force(
          volume,
          state -> behind.apply(state).withConn(ConnectionState.DISCONNECTING),
          "disconnect");
    }
  }

  void leave(Consumer<AdminResult> then) {
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

  void netOptions(OptionValues net, Consumer<AdminResult> then) {
    Optional<AdminResult> refusal =
        rules
            .refuses(net)
            .or(() -> rules.refusesNow(net))
            .or(() -> new OldPeers(parts).refusesSettings(net));
    if (refusal.isPresent()) {
      then.accept(refusal.get());
      return;
    }
    settings.change(net);
    parts.all().forEach(this::retune);
    then.accept(AdminResult.OK);
  }

  void diskOptions(Volume volume, OptionValues options, Consumer<AdminResult> then) {
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
}
