package org.twincore.drbd.engine.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.wire.StateWord;

/// The rules for one volume's state word: what a change implies, and whether it is allowed.
///
/// `change` is the usual way in. All of it is pure; the caller stores the new word, tells the world
/// and carries out what follows from it.
public final class StateRules {
  private static final ImpliedChange[] IMPLIED = ImpliedChange.values();
  private static final Refusal[] REFUSALS = Refusal.values();

  private StateRules() {}

  /// Who wants a change.
  public enum Force {
    /// Somebody asks for it: all refusals are looked at.
    SOFT,
    /// The world did it (a disk failed, the link is gone, the peer says so): only impossible
    /// transitions are refused.
    HARD
  }

  /// A state with its implied changes, and the rows that made them, in order.
  public record Sanitized(StateWord state, List<ImpliedChange> implied) {
    public Sanitized {
      implied = List.copyOf(implied);
    }
  }

  /// What became of a wanted change. `state` is the new state if `result` is a success, else the
  /// state before; `implied` are the rows reached on the way, `refusal` the row that refused.
  public record Outcome(
      StateWord state, StateResult result, List<ImpliedChange> implied, Optional<Refusal> refusal) {
    public Outcome {
      implied = List.copyOf(implied);
    }

    public boolean isSuccess() {
      return result.isSuccess();
    }
  }

  /// All changes that `wanted` implies, each row once, in the order of the table.
  public static Sanitized sanitize(StateWord before, StateWord wanted, StateContext context) {
    List<ImpliedChange> implied = new ArrayList<>();
    StateWord state = wanted;
    for (ImpliedChange row : IMPLIED) {
      ImpliedChange.Case now = new ImpliedChange.Case(before, state, context);
      if (row.appliesTo(now)) {
        state = row.applyTo(now);
        implied.add(row);
      }
    }
    return new Sanitized(state, implied);
  }

  /// The row that refuses this change, if any. `after` must be sanitized. A state that is wrong in
  /// the way the state before was already wrong is let pass.
  public static Optional<Refusal> check(
      StateWord before, StateWord after, StateContext context, Force force) {
    Refusal.Case change = new Refusal.Case(before, after, context);
    Optional<Refusal> hard = first(Refusal.Kind.HARD, change);
    if (hard.isPresent() || force == Force.HARD) {
      return hard;
    }
    Optional<Refusal> state = first(Refusal.Kind.STATE, change);
    if (state.isPresent() && !wasWrongBefore(change, state.get())) {
      return state;
    }
    return first(Refusal.Kind.SOFT, change);
  }

  /// Sanitizes and checks one change. [StateResult#NOTHING_TO_DO] if nothing changes.
  public static Outcome change(
      StateWord before, StateWord wanted, StateContext context, Force force) {
    Sanitized sanitized = sanitize(before, wanted, context);
    StateWord after = sanitized.state;
    if (after.equals(before)) {
      return new Outcome(before, StateResult.NOTHING_TO_DO, sanitized.implied, Optional.empty());
    }
    Optional<Refusal> refusal = check(before, after, context, force);
    if (refusal.isPresent()) {
      return new Outcome(before, refusal.get().answer(), sanitized.implied, refusal);
    }
    return new Outcome(after, StateResult.SUCCESS, sanitized.implied, Optional.empty());
  }

  private static boolean wasWrongBefore(Refusal.Case change, Refusal refusal) {
    Refusal.Case unchanged = new Refusal.Case(change.before(), change.before(), change.context());
    return first(Refusal.Kind.STATE, unchanged)
        .filter(row -> row.answer() == refusal.answer())
        .isPresent();
  }

  private static Optional<Refusal> first(Refusal.Kind kind, Refusal.Case change) {
    for (Refusal row : REFUSALS) {
      if (row.kind() == kind && row.appliesTo(change)) {
        return Optional.of(row);
      }
    }
    return Optional.empty();
  }
}
