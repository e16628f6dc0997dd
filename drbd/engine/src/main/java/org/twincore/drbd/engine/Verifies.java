package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.VERIFY_S;
import static org.twincore.drbd.ConnectionState.VERIFY_T;

import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.resync.VerifySource;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;

/// The course of an online verify (drbd-wire section 13): begun by an admin with the peer's
/// consent, ended by whoever has seen the last result. It only marks what differs.
///
/// ```
/// VerifyS: Connected -> VerifyS (P_OV_REQUEST ... P_OV_RESULT) -> Connected, P_STATE
/// VerifyT: Connected -> VerifyT -> Connected, after the last result or by P_STATE
/// ```
///
/// For the second look at what differed the peer verifies once more, from the first such block on.
/// It counts the results of the first look down and is then Connected; this node stays VerifyS:
///
/// ```
/// VerifyS: P_PING, P_PING_ACK (all results are counted), P_STATE Connected,
///          P_STATE_CHG_REQ VerifyS, P_OV_REQUEST ... P_OV_RESULT -> Connected, P_STATE
/// VerifyT: Connected -> VerifyT -> Connected by P_STATE
/// ```
///
/// Both are things that a verify with a stop sector does, too; so every peer that knows stop
/// sectors goes along.
final class Verifies {
  private static final long BLOCK_SECTORS = 8;

  private final Parts parts;
  private final States states;
  private final ClusterChanges changes;
  private final Liveness liveness;

  Verifies(Parts parts, States states, ClusterChanges changes, Liveness liveness) {
    this.parts = parts;
    this.states = states;
    this.changes = changes;
    this.liveness = liveness;
  }

  /// `verify`; answered when it has begun.
  void begin(Volume volume, AdminCommand.Verify command, Consumer<AdminResult> then) {
    StateRules.Outcome outcome =
        states.judge(volume, state -> state.withConn(VERIFY_S), StateRules.Force.SOFT);
    if (!outcome.isSuccess() || outcome.result() == StateResult.NOTHING_TO_DO) {
      then.accept(new AdminResult.State(outcome.result(), ""));
      return;
    }
    changes.ask(
        volume.number(),
        ClusterChange.VERIFY,
        result -> {
          VerifySource.Plan plan = plan(volume, command);
          volume.verify.choose(plan);
          StateResult made =
              result.isSuccess()
                  ? states.change(
                      volume,
                      state -> state.withConn(VERIFY_S),
                      StateRules.Force.SOFT,
                      "Online Verify from sector " + plan.fromSector())
                  : result;
          then.accept(new AdminResult.State(made, ""));
        });
  }

  /// From where the last verify was cut, if nothing else is asked for; at least the last block.
  private VerifySource.Plan plan(Volume volume, AdminCommand.Verify command) {
    long lastBlock = (volume.device.sizeSectors() - 1) / BLOCK_SECTORS * BLOCK_SECTORS;
    long wanted = command.startSector().orElse(volume.verify.reachedSector());
    long from = parts.peering.has(Since.VERIFY_START) ? wanted : 0;
    long stop = hasStop() ? command.stopSector().orElse(Long.MAX_VALUE) : Long.MAX_VALUE;
    long aligned = Math.min(from / BLOCK_SECTORS * BLOCK_SECTORS, lastBlock);
    return new VerifySource.Plan(
        aligned, Math.max(stop, aligned + 1), command.mostKib().orElse(Long.MAX_VALUE));
  }

  /// Whether the peer is told of an early end, by P_STATE.
  private boolean hasStop() {
    return parts.peering.has(Since.VERIFY_STOP);
  }

  /// What differed is to be looked at again. The answer to the ping tells that no result of the
  /// first look is under way any more, which would count as one of the second.
  void lookAgain(Volume volume) {
    int link = parts.peering.link();
    liveness.ping(() -> {
      if (link != parts.peering.link() || !volume.verify.source.awaitsSecondLook()) {
        return;
      }
      StateWord ended = volume.device.state().withConn(CONNECTED);
      parts.turn.send(volume.number(), new Packet.State(ended.toInt()));
      changes.ask(
          volume.number(),
          ClusterChange.VERIFY,
          result -> volume.verify.source.lookAgain(result == StateResult.SUCCESS));
    });
  }

  /// The last result was sent.
  void sentLast(Volume volume) {
    if (!volume.verify.source.hasLookedTwice()) {
      finish(volume);
      return;
    }
    int link = parts.peering.link();
    liveness.ping(() -> {
      if (link == parts.peering.link() && volume.device.state().conn() == VERIFY_S) {
        finish(volume);
      }
    });
  }

  /// The last result was sent or has come.
  void finish(Volume volume) {
    boolean isSource = volume.device.state().conn() == VERIFY_S;
    if (!isSource && volume.device.state().conn() != VERIFY_T) {
      return;
    }
    Device device = volume.device;
    states.force(volume, state -> state.withConn(CONNECTED), "verify done");
    // A kernel's node calls a disk that failed meanwhile UpToDate until it is told now.
    if ((isSource && hasStop()) || device.state().disk() != DiskState.UP_TO_DATE) {
      states.sendState(volume);
    }
    long differing = device.outOfSyncBlocks();
    if (differing > 0) {
      parts.turn.log(
          Effect.Level.WARN,
          "volume %d: Online verify found %d 4k block out of sync!"
              .formatted(volume.number(), differing));
      parts.handlers.tell(volume, "out-of-sync");
      if (device.backing() != null) {
        device.disk().writeBitmap(_ -> {});
      }
    }
  }

  /// The peer's first request.
  void peerBegins(Volume volume, long fromSector, long blocks) {
    volume.progressStarts(blocks);
    parts.turn.log(
        Effect.Level.INFO,
        "volume %d: Online Verify start sector: %d".formatted(volume.number(), fromSector));
  }
}
