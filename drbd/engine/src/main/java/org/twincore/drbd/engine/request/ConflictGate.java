package org.twincore.drbd.engine.request;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;

/// Where the requests of this node's applications and the peer's writes meet on one volume, while
/// both nodes may be Primary (drbd-wire section 9, `write_requests` of the kernel).
///
/// ```
/// own write:  (waits) -> CLAIMED -> AT_PEER -> WRITTEN_THERE -> gone      gone = answered
///                          ^  |        |
///                          +--+        +-> POSTPONED -> CLAIMED           P_RETRY_WRITE
/// own read:   (waits) -> READ -> gone
/// peer write: PEER -> (waits for its turn) -> gone                        gone = acked
/// ```
///
/// Own requests wait in the order of arrival: a write for all that overlaps, a read for writes. A
/// peer's write stands here from its arrival, so that what comes later here waits for it; it waits
/// itself for own reads, and for own writes that went out before. An own write that was let in and
/// did not go out yet gives way ([#givesWay]).
///
/// With one Primary nobody waits here; writes are noted all the same, because the option may be
/// turned on while they are in flight.
public final class ConflictGate {
  private final BooleanSupplier twoPrimaries;
  private final IntervalSet<Place> inside = new IntervalSet<>();
  private final LinkedHashSet<Place> waiting = new LinkedHashSet<>();
  private final LinkedHashSet<PeersTurn> peersTurn = new LinkedHashSet<>();

  /// How far a request is.
  private enum Stage {
    /// An own read that looks at the own disk.
    READ,
    /// An own write that has not gone out.
    CLAIMED,
    /// An own write that went to the peer, which has not answered.
    AT_PEER,
    /// An own write that the peer has, or never gets.
    WRITTEN_THERE,
    /// An own write that the peer wants again later.
    POSTPONED,
    /// A write of the peer.
    PEER
  }

  /// One request in the gate.
  static final class Place {
    private final Extent extent;
    private final Consumer<Place> go;
    private final List<Consumer<Boolean>> onWritten = new ArrayList<>();
    private Stage stage;
    private IntervalSet.@Nullable Entry<Place> entry;

    /// What became of it on the own disk, if that is known.
    private @Nullable Boolean written;

    private Place(Extent extent, Stage stage, Consumer<Place> go) {
      this.extent = extent;
      this.stage = stage;
      this.go = go;
    }

    private boolean keepsApart(Place other) {
      boolean bothRead = stage == Stage.READ && other.stage == Stage.READ;
      return !bothRead && overlap(extent, other.extent);
    }
  }

  private record PeersTurn(Place peer, Runnable go, Runnable dropped) {}

  /// What becomes of a write of the peer on the node that resolves conflicts.
  sealed interface Verdict {
    /// It comes next.
    record Write() implements Verdict {}

    /// It lies within an own write that comes later: done, without being written.
    record Superseded(Place by) implements Verdict {}

    /// The peer is to send it again.
    record Retry() implements Verdict {}
  }

  public ConflictGate(BooleanSupplier twoPrimaries) {
    this.twoPrimaries = twoPrimaries;
  }

  private static boolean covers(Extent outer, Extent inner) {
    return outer.sector() <= inner.sector() && inner.endSector() <= outer.endSector();
  }

  private static boolean overlap(Extent one, Extent other) {
    return one.sector() < other.endSector() && other.sector() < one.endSector();
  }

  /// Whether requests wait here at all.
  public boolean isEngaged() {
    return twoPrimaries.getAsBoolean();
  }

  // ---- own requests

  /// Lets an own write in, at once or as soon as nothing overlaps.
  void enterWrite(Extent extent, Consumer<Place> go) {
    enter(new Place(extent, Stage.CLAIMED, go));
  }

  /// Lets an own read in, at once or as soon as no write overlaps.
  void enterRead(Extent extent, Consumer<Place> go) {
    enter(new Place(extent, Stage.READ, go));
  }

  private void enter(Place place) {
    if (!isEngaged() || mayEnter(place, waiting)) {
      admit(place);
    } else {
      waiting.add(place);
    }
  }

  private boolean mayEnter(Place place, Iterable<Place> earlier) {
    for (IntervalSet.Entry<Place> other : inside.overlapping(place.extent)) {
      if (place.keepsApart(other.owner())) {
        return false;
      }
    }
    for (Place other : earlier) {
      if (place.keepsApart(other)) {
        return false;
      }
    }
    return true;
  }

  private void admit(Place place) {
    place.entry = inside.add(place.extent, place);
    place.go.accept(place);
  }

  /// Whether an own write that is about to go out has to give way: one of the peer came meanwhile.
  boolean mustGiveWay(Place place) {
    return isEngaged() && place.stage == Stage.CLAIMED && hasPeers(place);
  }

  /// Is a write of the peer here that will lie over all of an own one?
  boolean isCovered(Place place) {
    return inside.overlapping(place.extent).stream()
        .map(IntervalSet.Entry::owner)
        .anyMatch(it -> it.stage == Stage.PEER && covers(it.extent, place.extent));
  }

  /// Waits again, at the head, and comes back through its `go`.
  void giveWay(Place place) {
    remove(place);
    waiting.addFirst(place);
    changed();
  }

  private boolean hasPeers(Place place) {
    return inside.overlapping(place.extent).stream().anyMatch(it -> it.owner().stage == Stage.PEER);
  }

  /// An own write goes out; `toPeer` = the peer will answer it, `here` = the own disk gets it.
  void goesOut(Place place, boolean toPeer, boolean here) {
    place.stage = toPeer ? Stage.AT_PEER : Stage.WRITTEN_THERE;
    place.written = here ? null : Boolean.FALSE;
  }

  /// The peer has it, or has said that it never will.
  void peerAnswered(Place place) {
    place.stage = Stage.WRITTEN_THERE;
    changed();
  }

  /// The own disk has it, or failed it.
  void written(Place place, boolean ok) {
    place.written = ok;
    List<Consumer<Boolean>> heard = List.copyOf(place.onWritten);
    place.onWritten.clear();
    heard.forEach(each -> each.accept(ok));
  }

  /// P_RETRY_WRITE, and the own disk is done with it: lets the peer's writes by that overlap. It
  /// comes back through [#enterWrite]'s `go` behind the first of them.
  void postpone(Place place) {
    place.stage = Stage.POSTPONED;
    changed();
  }

  /// The link broke before the peer had answered; it will be sent once more, or given up.
  void sentAgain(Place place) {
    place.stage = Stage.AT_PEER;
  }

  /// Lets a postponed write go out again, unless what it waits for is here.
  void recall(Place place) {
    if (place.stage == Stage.POSTPONED && !hasPeers(place)) {
      place.stage = Stage.CLAIMED;
      place.go.accept(place);
    }
  }

  // ---- writes of the peer

  /// A write of the peer has arrived: what comes later here waits for it.
  Place arrive(Extent extent) {
    Place place = new Place(extent, Stage.PEER, _ -> {});
    place.entry = inside.add(extent, place);
    return place;
  }

  /// What the node that resolves conflicts does with a write of the peer that arrives.
  Verdict judge(Extent extent) {
    boolean conflicts = false;
    for (IntervalSet.Entry<Place> other : inside.overlapping(extent)) {
      Place own = other.owner();
      if (own.stage == Stage.AT_PEER) {
        conflicts = true;
        if (covers(own.extent, extent)) {
          return new Verdict.Superseded(own);
        }
      }
    }
    return conflicts ? new Verdict.Retry() : new Verdict.Write();
  }

  /// `then` hears whether the own disk got the write, when it is done with it.
  static void whenWritten(Place own, Consumer<Boolean> then) {
    Boolean known = own.written;
    if (known == null) {
      own.onWritten.add(then);
    } else {
      then.accept(known);
    }
  }

  /// Runs `go` when no own read, and no own write that went out, overlaps a write of the peer that
  /// is here; `dropped` if the connection goes first.
  void awaitTurn(Place peer, Runnable go, Runnable dropped) {
    if (isPeersTurn(peer)) {
      go.run();
    } else {
      peersTurn.add(new PeersTurn(peer, go, dropped));
    }
  }

  private boolean isPeersTurn(Place peer) {
    if (!isEngaged()) {
      return true;
    }
    return inside.overlapping(peer.extent).stream()
        .map(it -> it.owner().stage)
        .noneMatch(it -> it == Stage.READ || it == Stage.AT_PEER || it == Stage.WRITTEN_THERE);
  }

  /// The connection is gone: writes of the peer that wait for their turn are dropped.
  public void connectionLost() {
    List<PeersTurn> dropped = List.copyOf(peersTurn);
    peersTurn.clear();
    dropped.forEach(each -> each.dropped.run());
  }

  // ---- out

  /// Done, or no longer wanted.
  void leave(Place place) {
    boolean wasPeer = place.stage == Stage.PEER;
    if (place.entry == null) {
      waiting.remove(place);
    } else {
      remove(place);
    }
    if (wasPeer) {
      restartPostponed(place.extent);
    }
    changed();
  }

  private void remove(Place place) {
    IntervalSet.Entry<Place> entry = place.entry;
    if (entry != null) {
      inside.remove(entry);
      place.entry = null;
    }
  }

  private void restartPostponed(Extent extent) {
    for (IntervalSet.Entry<Place> other : inside.overlapping(extent)) {
      recall(other.owner());
    }
  }

  /// Lets go on what may.
  private void changed() {
    for (PeersTurn turn : List.copyOf(peersTurn)) {
      if (isPeersTurn(turn.peer) && peersTurn.remove(turn)) {
        turn.go.run();
      }
    }
    if (waiting.isEmpty()) {
      return;
    }
    List<Place> earlier = new ArrayList<>();
    for (Place place : List.copyOf(waiting)) {
      if (!waiting.contains(place)) {
        continue;
      }
      if (!isEngaged() || mayEnter(place, earlier)) {
        waiting.remove(place);
        admit(place);
      } else {
        earlier.add(place);
      }
    }
  }
}
