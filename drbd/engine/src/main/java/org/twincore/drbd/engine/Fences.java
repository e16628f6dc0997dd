package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Fencing;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.StateWord;

/// Makes sure that a lost peer does not become Primary beside this node, by the admin's
/// `fence-peer` program (drbd-wire section 15, `conn_try_outdate_peer`).
///
/// One program at a time for the whole resource; who asks meanwhile hears the same outcome. With
/// `resource-and-stonith` I/O is frozen from the loss of the peer until the program has said what
/// became of it, or the peer is back.
final class Fences {
  /// What a `fence-peer` program can say; any other exit code decides nothing.
  private enum Verdict {
    PEER_INCONSISTENT(3, "peer is inconsistent or worse"),
    PEER_OUTDATED(4, "peer got outdated"),
    PEER_DOWN(5, "peer is unreachable, assumed to be dead"),
    PEER_IS_PRIMARY(6, "peer is active"),
    PEER_STONITHED(7, "peer was stonithed");

    private final int exitCode;
    private final String text;

    Verdict(int exitCode, String text) {
      this.exitCode = exitCode;
      this.text = text;
    }

    static Optional<Verdict> of(int exitCode) {
      for (Verdict verdict : values()) {
        if (verdict.exitCode == exitCode) {
          return Optional.of(verdict);
        }
      }
      return Optional.empty();
    }
  }

  private final Parts parts;
  private final States states;
  private final PeerLink link;
  private final List<Consumer<Boolean>> waiting = new ArrayList<>();
  private boolean isRunning;

  /// The connection that was lost when the program was started.
  private int lostLink;

  Fences(Parts parts, States states, PeerLink link) {
    this.parts = parts;
    this.states = states;
    this.link = link;
  }

  /// The connection is gone: a Primary whose peer may go on without it has it fenced.
  void peerLost() {
    boolean mustFence =
        parts.all().stream()
            .anyMatch(it ->
                it.device.state().role() == Role.PRIMARY
                    && policy(it) != Fencing.DONT_CARE
                    && it.device.state().pdsk().isAtLeast(DiskState.D_UNKNOWN));
    if (mustFence) {
      outdatePeer(_ -> {});
    }
  }

  /// Has the peer fenced; `then` hears whether no disk of it can be newer than the own any more.
  void outdatePeer(Consumer<Boolean> then) {
    if (link.conn().isAtLeast(WF_REPORT_PARAMS)) {
      then.accept(false);
      return;
    }
    Optional<Fencing> strictest = strictest();
    if (strictest.isEmpty()) {
      parts.turn.log(Effect.Level.INFO, "Not fencing peer, I'm not even Consistent myself.");
      then.accept(isPeerOutdated());
      return;
    }
    if (strictest.get() == Fencing.DONT_CARE) {
      then.accept(true);
      return;
    }
    waiting.add(then);
    if (!isRunning) {
      call();
    }
  }

  private void call() {
    isRunning = true;
    lostLink = parts.peering.link();
    parts.linkRecord.fencingBegins(parts.turn.now());
    parts.handlers.ask(parts.all().iterator().next(), "fence-peer", this::ended);
  }

  /// Of the volumes whose disk is at least Consistent; empty if there is none.
  private Optional<Fencing> strictest() {
    return parts.all().stream()
        .filter(it -> it.device.state().disk().isAtLeast(DiskState.CONSISTENT))
        .map(Fences::policy)
        .max(Comparator.naturalOrder());
  }

  private static Fencing policy(Volume volume) {
    return Fencing.ofWord(volume.device.options().word(Option.FENCING)).orElse(Fencing.DONT_CARE);
  }

  private boolean isPeerOutdated() {
    return parts.all().stream()
        .allMatch(it -> it.device.state().pdsk().compareTo(DiskState.OUTDATED) <= 0);
  }

  private void ended(int exitCode) {
    isRunning = false;
    parts.linkRecord.fencingEnds();
    Optional<Verdict> verdict = Verdict.of(exitCode);
    parts.turn.log(
        verdict.isPresent() ? Effect.Level.INFO : Effect.Level.ERROR,
        verdict
            .map(it -> "fence-peer helper returned %d (%s)".formatted(exitCode, it.text))
            .orElse("fence-peer helper broken, returned " + exitCode));
    boolean isBack = link.conn().isAtLeast(WF_REPORT_PARAMS);
    if (isBack || lostLink != parts.peering.link()) {
      parts.turn.log(Effect.Level.INFO, "Ignoring fence-peer exit code: the peer was seen again");
      if (!isBack && !parts.all().isEmpty()) {
        call(); // and lost again
        return;
      }
    } else {
      verdict.ifPresent(this::take);
    }
    List<Consumer<Boolean>> told = List.copyOf(waiting);
    waiting.clear();
    boolean isOutdated = isPeerOutdated();
    told.forEach(each -> each.accept(isOutdated));
  }

  private void take(Verdict verdict) {
    String reason = "fence-peer: " + verdict.text;
    switch (verdict) {
      case PEER_INCONSISTENT -> setPeer(DiskState.INCONSISTENT, reason);
      case PEER_OUTDATED, PEER_STONITHED -> setPeer(DiskState.OUTDATED, reason);
      case PEER_DOWN -> {
        boolean isGood =
            parts.all().stream().anyMatch(it -> it.device.state().disk() == DiskState.UP_TO_DATE);
        if (isGood) {
          setPeer(DiskState.OUTDATED, reason);
        } else {
          parts.turn.log(
              Effect.Level.WARN, "peer unreachable, doing nothing since disk != UpToDate");
        }
      }
      case PEER_IS_PRIMARY -> {
        parts.turn.log(Effect.Level.WARN, "Peer is primary, outdating myself.");
        // A disk that is being attached comes up as one of which that is not known.
        setEach(
            state ->
                state.disk() == DiskState.ATTACHING ? state : state.withDisk(DiskState.OUTDATED),
            reason);
      }
    }
  }

  private void setPeer(DiskState disk, String reason) {
    setEach(state -> state.pdsk().compareTo(disk) > 0 ? state.withPdsk(disk) : state, reason);
  }

  private void setEach(UnaryOperator<StateWord> change, String reason) {
    for (Volume volume : parts.all()) {
      states.change(volume, change, StateRules.Force.SOFT, reason);
    }
  }

  /// A resync has ended with this node as its source: once all volumes are in step again the peer
  /// may be let go.
  void resyncEnded(Volume volume, ConnectionState before) {
    boolean inStep =
        parts.all().stream()
            .allMatch(it ->
                it.device.state().disk() == DiskState.UP_TO_DATE
                    && it.device.state().pdsk() == DiskState.UP_TO_DATE);
    if (before == SYNC_SOURCE && inStep && policy(volume) != Fencing.DONT_CARE) {
      parts.handlers.tell(volume, "unfence-peer");
    }
  }
}
