package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_T;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.SYNC_TARGET;
import static org.twincore.drbd.ConnectionState.VERIFY_S;
import static org.twincore.drbd.ConnectionState.VERIFY_T;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_T;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.List;
import java.util.function.UnaryOperator;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Fencing;
import org.twincore.drbd.engine.state.MetadataFlagsRule;
import org.twincore.drbd.engine.state.NewUuidRule;
import org.twincore.drbd.engine.state.PeerState;
import org.twincore.drbd.engine.state.StateContext;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;

/// The one place where a volume's state word changes, and where everything that follows from a
/// change is set going (`_drbd_set_state`, `after_state_ch`).
final class States {
  final Generations generations;
  final PrimaryMark primaryMark;
  private final Parts parts;

  States(Parts parts) {
    this.parts = parts;
    generations = new Generations(parts);
    primaryMark = new PrimaryMark(parts);
  }

  /// What the rules need to know besides the word.
  StateContext context(Volume volume) {
    Device device = volume.device;
    Fencing fencing =
        Fencing.ofWord(device.options().word(Option.FENCING)).orElse(Fencing.DONT_CARE);
    boolean suspends = parts.options.word(Option.ON_NO_DATA_ACCESSIBLE).equals("suspend-io");
    StateContext.Options options =
        new StateContext.Options(
            parts.peering.net().flag(Option.ALLOW_TWO_PRIMARIES),
            fencing,
            suspends,
            !parts.peering.net().word(Option.VERIFY_ALG).isEmpty());
    return new StateContext(
        options,
        remembered(device),
        device.openers(),
        otherVolumesPeer(volume),
        parts.peering.version(),
        device.state().conn() == WF_REPORT_PARAMS);
  }

  /// The exposed data may change while an attach is negotiated, when the peer's P_UUIDS comes late.
  private static StateContext.Remembered remembered(Device device) {
    StateContext.Remembered found = device.remembered();
    boolean isOld = device.exposedUuid() != 0 && !device.isWhatUsersSaw(found.current());
    return new StateContext.Remembered(
        found.disk(),
        found.peerDisk(),
        found.current(),
        isOld ? ~found.current() : device.exposedUuid() & ~GenerationUuids.PRIMARY_BIT);
  }

  private Role otherVolumesPeer(Volume volume) {
    Role highest = Role.UNKNOWN;
    for (Volume other : parts.all()) {
      Role peer = other.device.state().peer();
      if (other != volume && (peer == Role.PRIMARY || highest == Role.UNKNOWN)) {
        highest = peer;
      }
    }
    return highest;
  }

  /// What would become of a change.
  StateRules.Outcome judge(Volume volume, UnaryOperator<StateWord> change, StateRules.Force force) {
    StateWord before = volume.device.state();
    StateRules.Outcome outcome =
        StateRules.change(before, change.apply(before), context(volume), force);
    publish(volume, outcome);
    return outcome;
  }

  /// Tells which rows made an outcome.
  void publish(Volume volume, StateRules.Outcome outcome) {
    volume.decided("ImpliedChange", outcome.implied());
    volume.decided("Refusal", outcome.refusal().stream().toList());
  }

  /// Changes a volume's state if the rules allow it; `reason` is for logs.
  StateResult change(
      Volume volume, UnaryOperator<StateWord> change, StateRules.Force force, String reason) {
    StateRules.Outcome outcome = judge(volume, change, force);
    if (outcome.isSuccess()) {
      adopt(volume, outcome.state(), reason, RuleWords.implied(outcome));
    } else {
      parts.turn.log(
          Effect.Level.WARN,
          "volume %d: %s refused: %s (%s)"
              .formatted(
                  volume.number(), reason, outcome.result().text(), RuleWords.refusal(outcome)));
    }
    return outcome.result();
  }

  /// What the world did: not to be refused.
  void force(Volume volume, UnaryOperator<StateWord> change, String reason) {
    change(volume, change, StateRules.Force.HARD, reason);
  }

  /// All volumes go to a connection state that the world brought.
  void connection(ConnectionState conn, String reason) {
    parts.linkRecord.moved(conn, reason, parts.turn.now());
    for (Volume volume : parts.all()) {
      force(volume, state -> state.withConn(conn), reason);
    }
  }

  /// Takes over a state that the rules have passed, and sets going what follows; `rules` are in the
  /// words of [RuleWords].
  void adopt(Volume volume, StateWord after, String reason, List<String> rules) {
    Device device = volume.device;
    StateWord before = device.state();
    if (before.equals(after)) {
      return;
    }
    boolean held = device.holdsIo();
    device.setState(after);
    parts.turn.add(new Effect.StateChanged(volume.number(), before, after, reason, rules));
    ChangeRecord.Change change = new ChangeRecord.Change(parts.turn.now(), reason, rules);
    volume.changes.changed(before, after, change);
    device.setCrashedPrimary(MetadataFlagsRule.staysCrashed(device.crashedPrimary(), after));
    if (PeerState.forcesResync(before, after)) {
      device.setConsiderResync(true);
    }
    device.keepFrom(before, after);
    exposePeersData(device, before, after);
    trustBitmap(device, before, after);
    if (after.conn().isBelow(CONNECTED) || after.pdsk().isAtLeast(DiskState.INCONSISTENT)) {
      device.awaitPeerUse(false);
    }
    metadata(volume, before, after);
    resync(volume, before, after);
    if (doesNotGoOn(before, after)) {
      volume.writes.giveUpKept(); // marked before the bitmap is told
    }
    tellPeer(volume, before, after);
    Generations.peerChanged(volume, before, after);
    if (before.conn().isBelow(CONNECTED) && after.conn().isAtLeast(CONNECTED)) {
      parts.log.close();
    }
    if (before.pdsk().isAtLeast(DiskState.INCONSISTENT)
        && after.pdsk().isBelow(DiskState.INCONSISTENT)) {
      parts.log.markUnacknowledged(volume.number());
    }
    if (before.conn() != after.conn()
        || before.disk() != after.disk()
        || before.pdsk() != after.pdsk()) {
      parts.log.divide();
    }
    if (before.disk() != DiskState.FAILED && after.disk() == DiskState.FAILED) {
      volume.activityLost();
    }
    Undoing.diskChanged(volume, before.disk(), after.disk());
    parts.handlers.stateChanged(volume, before, after);
    if (before.isSuspended() && !after.isSuspended()) {
      generations.suspensionEnds(volume);
    }
    if (held) {
      goOn(volume);
    }
  }

  /// Is what two frozen Primaries had under way to be marked? Before the bitmaps are exchanged, and
  /// where one of the disks is lost.
  private static boolean doesNotGoOn(StateWord before, StateWord after) {
    boolean exchanges =
        before.conn() != after.conn()
            && (after.conn() == WF_BITMAP_T || after.conn() == ConnectionState.WF_BITMAP_S);
    boolean losesDisk =
        before.disk().isAtLeast(DiskState.INCONSISTENT)
            && after.disk().isBelow(DiskState.INCONSISTENT);
    boolean peerLosesDisk =
        before.pdsk().isAtLeast(DiskState.INCONSISTENT)
            && after.pdsk().isBelow(DiskState.INCONSISTENT);
    return exchanges || losesDisk || peerLosesDisk;
  }

  /// Whoever loses its disk uses the peer's data from now on. The peer's new generation may have
  /// been announced before the disk was given up here.
  private static void exposePeersData(Device device, StateWord before, StateWord after) {
    Packet.Uuids peer = device.peerUuids();
    boolean losesDisk =
        before.disk().isAtLeast(DiskState.INCONSISTENT)
            && after.disk().isBelow(DiskState.INCONSISTENT);
    if (losesDisk
        && peer != null
        && after.conn().isAtLeast(CONNECTED)
        && after.pdsk() == DiskState.UP_TO_DATE) {
      device.expose(peer.uuids().current());
    }
  }

  /// From the handshake on a target is to learn from the peer's bitmap what is old here.
  private static void trustBitmap(Device device, StateWord before, StateWord after) {
    if (device.backing() == null) {
      return;
    }
    if (before.conn() != WF_BITMAP_T && after.conn() == WF_BITMAP_T) {
      device.disk().setBitmapComplete(false);
    } else if (after.disk() == DiskState.UP_TO_DATE) {
      device.disk().setBitmapComplete(true);
    }
  }

  private void metadata(Volume volume, StateWord before, StateWord after) {
    Device device = volume.device;
    if (device.backing() == null) {
      return;
    }
    boolean usable = device.hasUsableDisk();
    boolean promoted = before.role() != after.role() && after.role() == Role.PRIMARY;
    if (before.role() != after.role() && !promoted && usable) {
      volume.setUuids(UuidChanges.forRole(device.uuids(), after.role()));
    }
    if (usable && before.role() == after.role()) {
      generations.begin(volume, NewUuidRule.afterChange(before, after, device.uuids().bitmap()));
    }
    primaryMark.stateChanged(device);
  }

  private void resync(Volume volume, StateWord before, StateWord after) {
    boolean wasSync = isSync(before.conn());
    boolean isSync = isSync(after.conn());
    if (!wasSync && isSync) {
      volume.syncStarts(isTarget(after.conn()));
    }
    boolean wasPaused = wasSync && isPaused(before.conn());
    boolean isPaused = isSync && isPaused(after.conn());
    if (isPaused != wasPaused) {
      volume.syncPauses(isPaused);
    }
    if (wasSync && !isSync) {
      volume.syncEnds();
    }
    if (isVerify(before.conn()) && !isVerify(after.conn())) {
      volume.verifyEnds();
    } else if (!isVerify(before.conn()) && isVerify(after.conn())) {
      volume.verifyStarts(after.conn() == VERIFY_S, parts.peering.verifyDigest());
    }
    if (after.conn() == ConnectionState.WF_BITMAP_T
        || after.conn() == ConnectionState.WF_BITMAP_S) {
      if (before.conn() != after.conn()) {
        volume.bitmapExchange.reset();
      }
    }
  }

  private static boolean isSync(ConnectionState conn) {
    return conn == SYNC_SOURCE
        || conn == SYNC_TARGET
        || conn == PAUSED_SYNC_S
        || conn == PAUSED_SYNC_T;
  }

  private static boolean isVerify(ConnectionState conn) {
    return conn == VERIFY_S || conn == VERIFY_T;
  }

  private static boolean isTarget(ConnectionState conn) {
    return conn == SYNC_TARGET || conn == PAUSED_SYNC_T;
  }

  private static boolean isPaused(ConnectionState conn) {
    return conn == PAUSED_SYNC_S || conn == PAUSED_SYNC_T;
  }

  private void tellPeer(Volume volume, StateWord before, StateWord after) {
    Device device = volume.device;
    if (after.conn().isBelow(CONNECTED)) {
      return;
    }
    boolean connects = before.conn() == WF_REPORT_PARAMS;
    // A peer without a disk hears of it when it attaches one: a kernel's would take any P_STATE
    // that crosses its attach for the end of the negotiation, and read its old data.
    boolean pauses =
        (before.aftrIsp() != after.aftrIsp() || before.userIsp() != after.userIsp())
            && after.pdsk().isAtLeast(DiskState.NEGOTIATING);
    boolean loses =
        (before.disk() != DiskState.FAILED && after.disk() == DiskState.FAILED)
            || (before.disk() != DiskState.DISKLESS && after.disk() == DiskState.DISKLESS);
    boolean peerAttaches =
        before.pdsk().isBelow(DiskState.NEGOTIATING)
            && after.pdsk().isAtLeast(DiskState.NEGOTIATING)
            && after.pdsk() != DiskState.D_UNKNOWN;
    if (peerAttaches) {
      sendUuids(volume, 0);
    }
    boolean pullsAhead =
        before.conn() != ConnectionState.AHEAD && after.conn() == ConnectionState.AHEAD;
    boolean losesAndTells = loses && !device.tellsError();
    if (connects || pauses || losesAndTells || peerAttaches || pullsAhead) {
      sendState(volume);
    }
    if (before.conn() != after.conn() && after.conn() == ConnectionState.WF_BITMAP_S) {
      volume.bitmapExchange.send();
    }
  }

  /// P_STATE with the state as it is; of a disk that is still being attached the peer hears when it
  /// can be negotiated.
  void sendState(Volume volume) {
    StateWord state = volume.device.state();
    StateWord told =
        state.disk() == DiskState.ATTACHING ? state.withDisk(DiskState.DISKLESS) : state;
    parts.turn.send(volume.number(), new Packet.State(told.toInt()));
  }

  /// P_UUIDS with the set as it is.
  void sendUuids(Volume volume, long moreFlags) {
    parts.turn.send(volume.number(), Parameters.uuids(volume, moreFlags));
  }

  /// At the end of each step: ends what froze I/O where its cause is gone.
  void thawWhatMayGoOn() {
    boolean isBack = parts.all().stream().allMatch(it -> hasAgreed(it.device.state().conn()));
    boolean outdated =
        parts.all().stream()
            .allMatch(it -> it.device.state().pdsk().compareTo(DiskState.OUTDATED) <= 0);
    for (Volume volume : parts.all()) {
      if (volume.writes.mayResume() && isInStep(volume.device.state())) {
        volume.writes.resumeWithPeer();
      }
      StateWord state = volume.device.state();
      if (state.suspFen() && isBack) {
        force(volume, it -> it.withSuspFen(false), "the peer is back");
      } else if (state.suspFen() && outdated) {
        force(volume, it -> it.withSuspFen(false), "the peer is fenced");
      }
      boolean peerHasData =
          state.conn().isAtLeast(CONNECTED) && state.pdsk() == DiskState.UP_TO_DATE;
      if (state.suspNod() && (state.disk() == DiskState.UP_TO_DATE || peerHasData)) {
        force(volume, it -> it.withSuspNod(false), "there is data again");
      }
    }
  }

  private static boolean isInStep(StateWord state) {
    return state.conn() == CONNECTED
        && state.disk() == DiskState.UP_TO_DATE
        && state.pdsk() == DiskState.UP_TO_DATE;
  }

  /// A peer that still exchanges bitmaps may have decided otherwise, and be about to leave.
  private static boolean hasAgreed(ConnectionState conn) {
    return conn == CONNECTED || conn.isAtLeast(ConnectionState.SYNC_SOURCE);
  }

  /// Held I/O goes on, as far as nothing holds it any more.
  void goOn(Volume volume) {
    if (!volume.device.holdsIo()) {
      volume.writes.thaw();
      volume.reads.thaw();
      volume.applications.thaw();
    }
  }
}
