package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_S;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_T;
import static org.twincore.drbd.ConnectionState.TEAR_DOWN;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.PeerState;
import org.twincore.drbd.engine.state.PolicyCell;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.engine.state.UuidCompare;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;

/// What the peer's state means for ours: P_STATE with the handshake of the disks, and the changes
/// that the peer asks for (drbd-wire sections 6.3, 7.2, 7.3).
final class PeerStates {
  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final Resyncs resyncs;
  private final Verifies verifies;
  private final ClusterChanges changes;
  private final Undoing undoing;
  private final PeerLink link;
  private final Liveness liveness;

  PeerStates(
      Parts parts,
      States states,
      Parameters parameters,
      Resyncs resyncs,
      Verifies verifies,
      ClusterChanges changes,
      Undoing undoing,
      PeerLink link,
      Liveness liveness) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.resyncs = resyncs;
    this.verifies = verifies;
    this.changes = changes;
    this.undoing = undoing;
    this.link = link;
    this.liveness = liveness;
  }

  // ---- P_STATE

  void arrived(Volume volume, Packet.State packet) {
    Optional<StateWord> peer = StateWord.of(packet.word());
    if (peer.isEmpty()) {
      link.violated(packet.type(), "0x%08x is no state".formatted(packet.word()));
      return;
    }
    if (peer.get().disk() == DiskState.NEGOTIATING) {
      usesThisDisk(volume);
    }
    Device device = volume.device;
    StateWord before = device.state();
    PeerState.Decision decision =
        PeerState.decide(arrival(volume, peer.get()), real -> shakeHands(volume, peer.get(), real));
    device.setConsiderResync(false);
    if (!decision.rules().contains(PeerState.Rule.SAID_BEFORE_THE_SKIP)) {
      device.setSkippedSync(false);
    }
    volume.targetsEnd = null;
    volume.decided("PeerState", decision.rules());
    switch (decision) {
      case PeerState.Ignore _ -> {}
      case PeerState.FinishVerify _ -> verifies.finish(volume);
      case PeerState.FinishResync _ -> resyncs.finishSource(volume);
      case PeerState.GiveResyncUp _ -> resyncs.giveUpSource(volume);
      case PeerState.EndIsAhead _ -> endIsAhead(volume, packet);
      case PeerState.Drop drop -> drop(volume, drop);
      case PeerState.Adopt adopt -> adopt(volume, before, adopt);
    }
  }

  /// A diskless Primary reads what this node has, or compares an own disk with it: what it goes on
  /// from is this node's data, whatever that disk holds.
  void usesThisDisk(Volume volume) {
    Device device = volume.device;
    boolean isDisklessPrimary = device.state().peer() == Role.PRIMARY && !device.peerHasDisk();
    if (device.awaitsPeerUse() && isDisklessPrimary) {
      states.generations.peerUsesThisDisk(volume);
    }
  }

  private void endIsAhead(Volume volume, Packet.State packet) {
    TargetsEnd end = new TargetsEnd(packet);
    volume.targetsEnd = end;
    liveness.ping(end::acksAreIn);
  }

  /// At the end of each step: ends the resync of which the target ended its half ahead. If nothing
  /// is under way that would clear the blocks which are still marked, they are for a resync of
  /// their own.
  void maintain() {
    for (Volume volume : parts.all()) {
      TargetsEnd end = volume.targetsEnd;
      if (end == null) {
        continue;
      }
      long marked = volume.device.outOfSyncBlocks();
      if (marked <= volume.failedBlocks()) {
        arrived(volume, end.said());
      } else if (end.hasAllAcks() && isQuiet(volume)) {
        link.lose(
            NETWORK_FAILURE,
            "volume %d: the peer ended the resync, and %d blocks are marked here"
                .formatted(volume.number(), marked));
      }
    }
  }

  private boolean isQuiet(Volume volume) {
    return parts.log.epochs() == 0 && volume.writes.inFlight() == 0;
  }

  private PeerState.Arrival arrival(Volume volume, StateWord peer) {
    Device device = volume.device;
    Packet.Uuids uuids = device.peerUuids();
    boolean reallyInconsistent = uuids != null && (uuids.flags() & UuidFlags.INCONSISTENT) != 0;
    boolean isOtherData =
        uuids != null
            && device.exposedUuid() != 0
            && uuids.uuids().currentIdentity()
                != (device.exposedUuid() & ~GenerationUuids.PRIMARY_BIT);
    return new PeerState.Arrival(
        device.state(),
        peer,
        new PeerState.Known(
            uuids != null,
            reallyInconsistent,
            link.peerIsDryRun(),
            device.peerLacksWrites(),
            isOtherData),
        new PeerState.Pending(
            device.considerResync(),
            device.newUuidPostponed(),
            device.mayResumeWithPeer(),
            device.skippedSync(),
            device.outOfSyncBlocks(),
            volume.failedBlocks()),
        states.context(volume));
  }

  private void publish(Volume volume, SyncHandshake.Trace trace) {
    volume.decided("UuidCompare", List.of(trace.comparison().rule()));
    volume.decided("SyncHandshake", trace.steps());
    volume.decided("AfterSplitBrain", trace.policy());
    volume.told("PolicyCell", trace.cells().stream().map(PolicyCell::toString).toList());
  }

  private SyncHandshake.Decision shakeHands(Volume volume, StateWord peer, DiskState realDisk) {
    Device device = volume.device;
    Packet.Uuids theirs = device.peerUuids();
    if (theirs == null) {
      throw new IllegalStateException("the rules ask only with the peer's UUIDs");
    }
    DiskState own = device.state().disk();
    DiskState intended = own == DiskState.NEGOTIATING ? device.remembered().disk() : own;
    boolean peerCrashed = (theirs.flags() & UuidFlags.CRASHED_PRIMARY) != 0;
    boolean peerDiscards = (theirs.flags() & UuidFlags.DISCARD_MY_DATA) != 0;
    UuidCompare.Question question =
        new UuidCompare.Question(
            new UuidCompare.Node(device.uuids(), device.state().role(), device.crashedPrimary()),
            new UuidCompare.Node(theirs.uuids(), peer.role(), peerCrashed),
            new UuidCompare.Terms(
                parts.peering.version(),
                parts.peering.has(Features.WSAME),
                parts.peering.resolvesConflicts()));
    SyncHandshake.Policies policies =
        new SyncHandshake.Policies(
            parameters.policy(Option.AFTER_SB_0PRI),
            parameters.policy(Option.AFTER_SB_1PRI),
            parameters.policy(Option.AFTER_SB_2PRI),
            parameters.policy(Option.RR_CONFLICT),
            parts.peering.net().flag(Option.ALWAYS_ASBP));
    SyncHandshake.Meeting meeting =
        new SyncHandshake.Meeting(
            question,
            new SyncHandshake.Disks(own, intended, realDisk),
            new SyncHandshake.Wishes(parts.peering.discardsMyData(), peerDiscards, link.isDryRun()),
            device.toldBits(),
            theirs.bitsSet(),
            mayDemote(volume),
            policies);
    SyncHandshake.Decision decision = SyncHandshake.decide(meeting);
    volume.splitBrain = SplitBrains.after(volume.splitBrain, meeting, decision, parts.turn.now());
    publish(volume, decision.trace());
    parts.turn.log(
        Effect.Level.INFO,
        "volume %d: self %s peer %s: %s"
            .formatted(volume.number(), device.uuids(), theirs.uuids(), decision.trace().text()));
    return decision;
  }

  /// Could this node, if it is Primary, become Secondary right now? Never while a connection is
  /// being established.
  private boolean mayDemote(Volume volume) {
    StateWord state = volume.device.state();
    boolean isIdle = volume.device.openers() == 0 && volume.applications.inFlight() == 0;
    return isIdle
        && StateRules.change(
                state,
                state.withRole(Role.SECONDARY),
                states.context(volume),
                StateRules.Force.SOFT)
            .isSuccess();
  }

  /// What a handshake brings besides the state.
  private void carryOut(Volume volume, SyncHandshake.Decision decision) {
    Device device = volume.device;
    undoing.begin(volume, decision);
    UuidCompare.Comparison comparison = decision.trace().comparison();
    if (!comparison.self().equals(device.uuids())) {
      volume.setUuids(comparison.self());
    }
    Packet.Uuids theirs = device.peerUuids();
    if (theirs != null) {
      device.setPeerUuids(new Packet.Uuids(comparison.peer(), theirs.bitsSet(), theirs.flags()));
    }
    for (String handler : decision.trace().handlers()) {
      parts.handlers.tell(volume, handler);
    }
    switch (decision) {
      case SyncHandshake.Refuse _ -> {}
      case SyncHandshake.StayConnected _ -> {
        if (device.outOfSyncBlocks() > 0) {
          parts.turn.log(
              Effect.Level.INFO,
              "volume %d: no resync, but %d bits in the bitmap"
                  .formatted(volume.number(), device.outOfSyncBlocks()));
        }
      }
      case SyncHandshake.BecomeSource(var _, boolean full) -> markIf(volume, full);
      case SyncHandshake.BecomeTarget(var _, boolean full, boolean _) -> markIf(volume, full);
    }
  }

  private void markIf(Volume volume, boolean full) {
    if (full) {
      resyncs.markAll(volume);
    }
  }

  private void drop(Volume volume, PeerState.Drop drop) {
    drop.outcome().ifPresent(outcome -> states.publish(volume, outcome));
    drop.handshake().ifPresent(decision -> carryOut(volume, decision));
    String why =
        drop.handshake().map(it -> it.trace().text()).orElse(drop.rules().getLast().name());
    parts.linkRecord.refused(
        RuleWords.dropped(drop), drop.handshake().map(it -> it.trace().steps().getLast()));
    link.lose(drop.to(), "volume %d: %s".formatted(volume.number(), why));
    if (drop.failFrozenWrites()) {
      if (volume.device.hasUsableDisk()) {
        states.generations.begin(volume, "frozen writes given up");
      } else {
        states.generations.giveUp(volume);
      }
      states.force(
          volume, state -> state.withSuspFen(false).withSuspNod(false), "the peer was restarted");
    }
  }

  private void adopt(Volume volume, StateWord before, PeerState.Adopt adopt) {
    adopt.handshake().ifPresent(decision -> carryOut(volume, decision));
    Device device = volume.device;
    states.publish(volume, adopt.outcome());
    boolean connects = before.conn().isBelow(CONNECTED);
    String why =
        adopt.handshake().map(it -> it.trace().text()).orElse(adopt.rules().getLast().name());
    states.adopt(volume, adopt.outcome().state(), why, RuleWords.adopted(adopt));
    StateWord after = device.state();
    if (connects && after.conn().isAtLeast(CONNECTED)) {
      link.connected();
    }
    if (adopt.answer()) {
      states.sendUuids(volume, 0);
    }
    if (adopt.answer() || before.role() != after.role()) {
      states.sendState(volume);
    }
    if (after.disk().isBelow(DiskState.INCONSISTENT)
        && after.conn().isAtLeast(CONNECTED)
        && after.pdsk().isAtLeast(DiskState.INCONSISTENT)
        && !device.peerLacksWrites()) {
      Packet.Uuids theirs = device.peerUuids();
      if (theirs != null && theirs.uuids().current() != 0) {
        device.expose(theirs.uuids().current() & ~GenerationUuids.PRIMARY_BIT);
      }
    }
  }

  // ---- changes that the peer asks for

  /// P_STATE_CHG_REQ. Before protocol 100 it is also how a peer asks to leave.
  void asked(Volume volume, Packet.StateChange request) {
    if (!parts.peering.has(Since.CONNECTION_CHANGES)
        && ClusterChange.isLeaving(new ClusterChange.Change(request.mask(), request.value()))) {
      connectionAsked(request, PacketType.STATE_CHG_REPLY);
      return;
    }
    ClusterChange.Answer answer = answer(volume, request, ClusterChange.Scope.VOLUME);
    reply(volume.number(), PacketType.STATE_CHG_REPLY, answer.result());
    take(volume, answer);
  }

  /// P_CONN_ST_CHG_REQ: all volumes or none.
  void connectionAsked(Packet.StateChange request) {
    connectionAsked(request, PacketType.CONN_ST_CHG_REPLY);
  }

  private void connectionAsked(Packet.StateChange request, PacketType replyType) {
    List<ClusterChange.Answer> answers = new ArrayList<>();
    StateResult result = StateResult.SUCCESS;
    for (Volume volume : parts.all()) {
      ClusterChange.Answer answer = answer(volume, request, ClusterChange.Scope.CONNECTION);
      answers.add(answer);
      if (!answer.result().isSuccess()) {
        result = answer.result();
      }
    }
    reply(0, replyType, result);
    if (!result.isSuccess()) {
      return;
    }
    int index = 0;
    boolean leaves = false;
    for (Volume volume : parts.all()) {
      take(volume, answers.get(index++));
      leaves |= volume.device.state().conn() == TEAR_DOWN;
    }
    if (leaves) {
      link.peerLeaves();
    }
  }

  private ClusterChange.Answer answer(
      Volume volume, Packet.StateChange request, ClusterChange.Scope scope) {
    boolean yields = parts.peering.resolvesConflicts() && changes.isAsking();
    ClusterChange.Answer answer =
        ClusterChange.answer(
            volume.device.state(),
            new ClusterChange.Change(request.mask(), request.value()),
            scope,
            states.context(volume),
            yields);
    answer.outcome().ifPresent(outcome -> states.publish(volume, outcome));
    return answer;
  }

  private void reply(int volume, PacketType type, StateResult result) {
    int code = result == StateResult.NOTHING_TO_DO ? StateResult.SUCCESS.code() : result.code();
    parts.turn.send(volume, new Packet.StateChangeReply(type, code));
  }

  private void take(Volume volume, ClusterChange.Answer answer) {
    if (answer.outcome().isEmpty() || !answer.result().isSuccess()) {
      return;
    }
    StateRules.Outcome outcome = answer.outcome().get();
    states.adopt(volume, outcome.state(), "asked by the peer", RuleWords.implied(outcome));
    ConnectionState conn = volume.device.state().conn();
    if ((conn == STARTING_SYNC_S || conn == STARTING_SYNC_T) && volume.device.hasUsableDisk()) {
      resyncs.startFull(volume);
    }
  }
}
