package org.twincore.sim.load;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Event.Access;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.check.Checks;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.check.Content;
import org.twincore.sim.check.Violation;
import org.twincore.sim.check.VolumeHistory;
import org.twincore.sim.check.VolumeHistory.Durability;
import org.twincore.sim.check.VolumeHistory.Kind;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// What applications do with one volume: numbered writes, reads, flushes and discards, a few at a
/// time, at the node that is Primary.
///
/// Opens the volume at a node when told to, and goes on there until it is closed or the node ends.
/// Every request is answered at most once; one that its node's end swallowed never.
public final class VolumeWorkload {
  private static final long THINK_NANOS_MAX = 8 * Simulation.MILLISECOND;

  /// After an error an application waits before it tries again.
  private static final long SULK_NANOS_MAX = 2 * Simulation.SECOND;

  private final ClusterView view;
  private final Checks checks;
  private final int volume;
  private final Prng random;
  private final RequestDraw draw;
  private final int openMax;
  private final TreeMap<Long, Request> requests = new TreeMap<>();
  private @Nullable SimNode where;
  private int process;
  private long lastCookie;
  private long writesAllowed;
  private boolean isPaused;
  private boolean isThinking;
  private boolean isDiscouraged;
  private long failures;
  private long issuedWrites;
  private long taken;
  private long openWrites;

  /// A request that is not answered yet; `write` is 0 for reads and flushes.
  private record Request(
      What what, Extent extent, long write, long sinceMoment, boolean peerFollows, boolean fua) {}

  enum What {
    READ,
    WRITE,
    TRIM,
    ZEROES,
    FLUSH;

    private boolean changesData() {
      return this == WRITE || this == TRIM || this == ZEROES;
    }
  }

  /// `spots` places to work around, up to `openRequests` at a time.
  public VolumeWorkload(
      ClusterView view, Checks checks, int volume, Prng random, int spots, int openRequests) {
    this.view = view;
    this.checks = checks;
    this.volume = volume;
    this.random = random;
    this.openMax = openRequests;
    this.draw = new RequestDraw(random.split(), spots, sizeSectors());
  }

  /// The size of the device at both nodes.
  public long sizeSectors() {
    return view.deviceSectors(volume);
  }

  /// The device has grown: the new area is used too.
  public void grow() {
    draw.grow(sizeSectors());
  }

  private VolumeHistory history() {
    return view.history(volume);
  }

  // ---- where

  /// Opens the volume at a node, if the node lets us. Whether it did.
  public boolean open(SimNode node) {
    boolean may =
        node.resource()
            .map(resource -> resource.mayOpen(volume, Access.READ_WRITE).isSuccess())
            .orElse(false);
    if (!may || node.isPaused()) {
      return false;
    }
    node.deliver(new Event.Opened(volume, Access.READ_WRITE));
    where = node;
    process = node.processNumber();
    isPaused = false;
    think();
    return true;
  }

  /// The node where the volume is open; null if nowhere.
  public @Nullable SimNode where() {
    SimNode node = where;
    if (node != null && (!node.isRunning() || node.processNumber() != process)) {
      orphan();
    }
    return where;
  }

  /// Issues nothing new until [#open] or [#resume].
  public void pause() {
    isPaused = true;
  }

  /// Was it told to issue nothing new?
  public boolean isPaused() {
    return isPaused;
  }

  /// Goes on.
  public void resume() {
    isPaused = false;
    think();
  }

  /// Gives the volume back; only when nothing is under way.
  public void close() {
    SimNode node = where();
    if (node != null) {
      node.deliver(new Event.Closed(volume, Access.READ_WRITE));
      where = null;
    }
  }

  /// The node ended: nothing of what was under way will be answered.
  public void ended(SimNode node) {
    if (where == node) {
      orphan();
    }
  }

  private void orphan() {
    where = null;
    requests.clear();
    openWrites = 0;
    history().allLost();
  }

  /// Is everything answered?
  public boolean isIdle() {
    return requests.isEmpty();
  }

  /// What is under way, for messages.
  public String unanswered() {
    return requests.toString();
  }

  /// Lets the workload write until that many writes were answered OK in all.
  public void allowWrites(long count) {
    writesAllowed = count;
    think();
  }

  /// Were all that it was let write answered?
  public boolean hasWrittenAll() {
    return taken >= writesAllowed && requests.isEmpty();
  }

  /// Writes, discards and zeroes issued so far.
  public long writes() {
    return issuedWrites;
  }

  /// Those that a Primary took and answered OK.
  public long taken() {
    return taken;
  }

  /// Requests that were answered with an error.
  public long failures() {
    return failures;
  }

  // ---- issuing

  private void think() {
    if (isThinking) {
      return;
    }
    isThinking = true;
    long most = isDiscouraged ? SULK_NANOS_MAX : THINK_NANOS_MAX;
    isDiscouraged = false;
    view.simulation().after(random.nextLong(most), this::thought);
  }

  private void thought() {
    isThinking = false;
    SimNode node = where();
    if (node == null || isPaused || taken + openWrites >= writesAllowed) {
      return;
    }
    if (requests.size() < openMax) {
      issue(node, draw.what(), draw.extent());
      think();
    }
  }

  private void issue(SimNode node, What what, Extent extent) {
    long cookie = ++lastCookie;
    VolumeHistory history = history();
    boolean fua = what == What.WRITE && draw.fua();
    long moment = history.moment();
    if (what.changesData()) {
      issuedWrites++;
      openWrites++;
    }
    switch (what) {
      case READ -> {
        requests.put(cookie, new Request(what, extent, 0, moment, false, false));
        node.deliver(new Event.AppRead(volume, cookie, extent));
      }
      case FLUSH -> {
        boolean follows = checks.writes().peerFollows(node.id(), volume);
        requests.put(cookie, new Request(what, extent, 0, moment, follows, false));
        node.deliver(new Event.AppFlush(volume, cookie));
      }
      case WRITE -> {
        long write = history.issued(extent, Kind.DATA);
        requests.put(cookie, new Request(what, extent, write, moment, false, fua));
        byte[] bytes = Content.of(write, extent.sector(), (int) extent.sizeSectors());
        node.deliver(new Event.AppWrite(volume, cookie, extent.sector(), Payload.of(bytes), fua));
      }
      case TRIM, ZEROES -> {
        long write = history.issued(extent, Kind.ZEROES);
        requests.put(cookie, new Request(what, extent, write, moment, false, false));
        node.deliver(new Event.AppDiscard(volume, cookie, extent, draw.discard(what), false));
      }
    }
  }

  /// Reads a range now, whatever else is under way.
  public void read(Extent extent) {
    SimNode node = where();
    if (node != null) {
      issue(node, What.READ, extent);
    }
  }

  // ---- answers

  /// The node has answered a request.
  public void answered(SimNode node, Effect.OfApplication answer) {
    Request request = requests.remove(answer.cookie());
    if (request == null) {
      throw new Violation(
          "EachRequestAnsweredOnce", node.name() + " answers what was not asked: " + answer);
    }
    view.simulation()
        .trace()
        .detail(answer.cookie(), () -> node.name() + " answers " + answer + " to " + request);
    if (request.what.changesData()) {
      openWrites--;
    }
    switch (answer) {
      case Effect.AppDone _ -> done(node, request);
      case Effect.AppReadDone(int _, long _, Payload payload) -> readDone(node, request, payload);
      case Effect.AppFailed _ -> {
        failures++;
        isDiscouraged = true;
        if (request.write != 0) {
          history().lost(request.write);
        }
      }
    }
    think();
  }

  private void done(SimNode node, Request request) {
    switch (request.what) {
      case READ -> throw new Violation("EachRequestAnsweredOnce", "a read without data");
      case FLUSH ->
          checks.flushAnswered(node.id(), volume, request.sinceMoment, request.peerFollows);
      case WRITE, TRIM, ZEROES -> {
        taken++;
        checks.writeAnswered(
            node.id(),
            volume,
            request.write,
            request.extent,
            request.fua ? Durability.FUA : Durability.CACHED);
      }
    }
  }

  private void readDone(SimNode node, Request request, Payload payload) {
    if (request.what != What.READ || payload.lengthBytes() != request.extent.sizeBytes()) {
      throw new Violation("EachRequestAnsweredOnce", "data of wrong length for " + request);
    }
    checks.readAnswered(
        node.id(), volume, request.extent, payload.toByteArray(), request.sinceMoment);
  }
}
