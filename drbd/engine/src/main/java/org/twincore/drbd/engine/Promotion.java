package org.twincore.drbd.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.NewUuidRule;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.wire.StateWord;

/// Becoming Primary and Secondary (`drbd_set_role`).
final class Promotion {
  private static final int TRIES_MAX = 4;

  private final Parts parts;
  private final States states;
  private final ClusterChanges changes;
  private final Liveness liveness;
  private final Fences fences;
  private final List<Waiting> waiting = new ArrayList<>();

  private enum Step {
    BECOME,
    BECOME_BY_FORCE,
    DRAIN
  }

  private record Waiting(Volume volume, Step step, Consumer<AdminResult> then) {}

  Promotion(Parts parts, States states, ClusterChanges changes, Liveness liveness, Fences fences) {
    this.parts = parts;
    this.states = states;
    this.changes = changes;
    this.liveness = liveness;
    this.fences = fences;
  }

  /// `primary`; with `force` a disk that is not UpToDate is declared so.
  void promote(Volume volume, boolean force, Consumer<AdminResult> then) {
    promote(volume, force, TRIES_MAX, then);
  }

  private void promote(Volume volume, boolean force, int tries, Consumer<AdminResult> then) {
    DiskState disk = volume.device.state().disk();
    StateRules.Outcome outcome = judge(volume, false);
    boolean mayForce =
        outcome.result() == StateResult.NO_UP_TO_DATE_DISK
            && force
            && disk.isBelow(DiskState.UP_TO_DATE)
            && disk.isAtLeast(DiskState.INCONSISTENT);
    boolean forced = mayForce;
    if (mayForce) {
      outcome = judge(volume, true);
    }
    if (tries > 1 && needsFencing(volume, outcome.result())) {
      StateResult refusal = outcome.result();
      fences.outdatePeer(isOutdated -> fenced(volume, force, refusal, isOutdated, then));
      return;
    }
    if (!outcome.isSuccess() || outcome.result() == StateResult.NOTHING_TO_DO) {
      then.accept(new AdminResult.State(outcome.result(), ""));
      return;
    }
    if (ClusterChange.needsPeer(volume.device.state(), outcome.state()).isEmpty()) {
      become(volume, forced, then);
      return;
    }
    ClusterChange.Change change = ClusterChange.PROMOTE;
    if (forced) {
      StateWord up = StateWord.INITIAL.withDisk(DiskState.UP_TO_DATE);
      change =
          change.and(
              new ClusterChange.Change(StateWord.DISK_MASK, up.toInt() & StateWord.DISK_MASK));
    }
    changes.ask(volume.number(), change, result -> agreed(volume, force, tries, result, then));
    liveness.ping(() -> {});
  }

  /// Whether it is the peer, which may have newer data or be Primary itself, that stands in the
  /// way.
  private static boolean needsFencing(Volume volume, StateResult refusal) {
    return refusal == StateResult.PRIMARY_NOP
        || (refusal == StateResult.NO_UP_TO_DATE_DISK
            && volume.device.state().disk() == DiskState.CONSISTENT);
  }

  /// The peer was dealt with, or not: with it outdated a Consistent disk is as good as any.
  private void fenced(
      Volume volume,
      boolean force,
      StateResult refusal,
      boolean isOutdated,
      Consumer<AdminResult> then) {
    if (refusal == StateResult.NO_UP_TO_DATE_DISK && isOutdated) {
      states.change(
          volume,
          state -> state.withDisk(DiskState.UP_TO_DATE),
          StateRules.Force.SOFT,
          "the peer is fenced");
    } else if (refusal == StateResult.PRIMARY_NOP && !isOutdated && force) {
      parts.turn.log(Effect.Level.WARN, "Forced into split brain situation!");
      states.force(volume, state -> state.withPdsk(DiskState.OUTDATED), "primary --force");
    }
    promote(volume, force, 1, then);
  }

  private void agreed(
      Volume volume, boolean force, int tries, StateResult result, Consumer<AdminResult> then) {
    boolean again =
        result == StateResult.NEED_CONNECTION
            || result == StateResult.IN_TRANSIENT_STATE
            || result == StateResult.CONCURRENT_CHANGE;
    if (again && tries > 1) {
      promote(volume, force, tries - 1, then);
    } else if (!result.isSuccess()) {
      then.accept(new AdminResult.State(result, ""));
    } else {
      boolean forced = judge(volume, false).result() == StateResult.NO_UP_TO_DATE_DISK && force;
      become(volume, forced, then);
    }
  }

  private StateRules.Outcome judge(Volume volume, boolean forced) {
    return states.judge(volume, state -> wanted(state, forced), StateRules.Force.SOFT);
  }

  private static StateWord wanted(StateWord state, boolean forced) {
    StateWord primary = state.withRole(Role.PRIMARY);
    return forced ? primary.withDisk(DiskState.UP_TO_DATE) : primary;
  }

  /// Takes the role as soon as all that the peer has written here is on the disk: a write of this
  /// Primary must not be overtaken by an older one of the last. Where both may be Primary each
  /// write waits by itself for those that it overlaps.
  private void become(Volume volume, boolean forced, Consumer<AdminResult> then) {
    waiting.add(new Waiting(volume, forced ? Step.BECOME_BY_FORCE : Step.BECOME, then));
  }

  private StateResult becomeNow(Volume volume, boolean forced) {
    Device device = volume.device;
    StateResult result =
        states.change(
            volume,
            state -> wanted(state, forced),
            StateRules.Force.SOFT,
            forced ? "primary --force" : "primary");
    if (!result.isSuccess()) {
      takeBack(volume);
    }
    if (!result.isSuccess() || result == StateResult.NOTHING_TO_DO) {
      return result;
    }
    parts.peering.discardMyData(false);
    boolean told = false;
    if (device.hasUsableDisk()) {
      NewUuidRule.Decision decision =
          NewUuidRule.afterPromotion(device.state(), device.uuids().bitmap(), forced);
      told = decision.answer() == NewUuidRule.Answer.CREATE;
      states.generations.begin(volume, decision);
      // Only now: the generation that ends was not written by this Primary.
      volume.setUuids(UuidChanges.forRole(device.uuids(), Role.PRIMARY));
    }
    if (ClusterChanges.isConnected(volume)) {
      if (forced && !told) {
        states.sendUuids(volume, 0);
      }
      states.sendState(volume);
    }
    return result;
  }

  /// The peer has agreed to the promotion and takes this node for Primary, and the world has
  /// changed meanwhile. (A kernel leaves it in that belief, and then it may not be promoted
  /// itself.)
  private void takeBack(Volume volume) {
    if (ClusterChanges.isConnected(volume)) {
      states.sendState(volume);
    }
  }

  /// `secondary`: once nothing is on its way any more; answered when all marks of the time as
  /// Primary are durable.
  void demote(Volume volume, Consumer<AdminResult> then) {
    waiting.add(new Waiting(volume, Step.DRAIN, then));
  }

  /// Whether a change of role can go a step further.
  boolean isDue() {
    return waiting.stream().anyMatch(Promotion::isDue);
  }

  /// At the end of each step: takes every change of role one step further that can go.
  void maintain() {
    for (Waiting each : List.copyOf(waiting)) {
      if (isDue(each)) {
        waiting.remove(each);
        goOn(each);
      }
    }
  }

  private static boolean isDue(Waiting waiting) {
    Volume volume = waiting.volume;
    return switch (waiting.step) {
      case BECOME, BECOME_BY_FORCE ->
          ClusterChanges.isConnected(volume)
              ? volume.conflicts.isEngaged()
                  || (volume.peerWrites.isIdle() && volume.peerReads.isIdle())
              : volume.isPeerIdle();
      case DRAIN ->
          volume.applications.inFlight() == 0
              || volume.device.openers() > 0
              || volume.device.state().isSuspended();
    };
  }

  private void goOn(Waiting waiting) {
    Volume volume = waiting.volume;
    switch (waiting.step) {
      case BECOME -> answerDurably(waiting, becomeNow(volume, false));
      case BECOME_BY_FORCE -> answerDurably(waiting, becomeNow(volume, true));
      case DRAIN -> {
        StateResult result = mayDemote(volume);
        if (!result.isSuccess() || result == StateResult.NOTHING_TO_DO) {
          answer(waiting.then, result);
        } else {
          parts.log.awaitSafety(_ -> drained(volume, waiting.then));
        }
      }
    }
  }

  /// Answers when the mark of a Primary and its generation are durable (`drbd_set_role` ends with
  /// `drbd_md_sync`).
  private static void answerDurably(Waiting waiting, StateResult result) {
    Device device = waiting.volume.device;
    if (result.isSuccess() && device.hasUsableDisk()) {
      device.disk().settle(_ -> answer(waiting.then, result));
    } else {
      answer(waiting.then, result);
    }
  }

  private static void answer(Consumer<AdminResult> then, StateResult result) {
    then.accept(new AdminResult.State(result, ""));
  }

  private StateResult mayDemote(Volume volume) {
    boolean isPrimary = volume.device.state().role() == Role.PRIMARY;
    boolean inUse = volume.device.openers() > 0 || volume.applications.inFlight() > 0;
    return isPrimary && inUse
        ? StateResult.DEVICE_IN_USE
        : states
            .judge(volume, state -> state.withRole(Role.SECONDARY), StateRules.Force.SOFT)
            .result();
  }

  /// What this Primary wrote is safe at the peer, or the peer is gone.
  private void drained(Volume volume, Consumer<AdminResult> then) {
    if (volume.applications.inFlight() > 0) {
      demote(volume, then);
      return;
    }
    Device device = volume.device;
    StateResult result =
        states.change(
            volume, state -> state.withRole(Role.SECONDARY), StateRules.Force.SOFT, "secondary");
    if (!result.isSuccess() || result == StateResult.NOTHING_TO_DO) {
      answer(then, result);
      return;
    }
    if (ClusterChanges.isConnected(volume)) {
      states.sendState(volume);
    }
    if (device.hasUsableDisk()) {
      device.disk().writeBitmap(_ -> answer(then, result));
    } else {
      answer(then, result);
    }
  }
}
