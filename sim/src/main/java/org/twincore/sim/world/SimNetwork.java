package org.twincore.sim.world;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.twincore.drbd.engine.port.EventSink;

/// The network between two machines, numbered 0 and 1: one [SimPath] each way, and connections that
/// behave as TCP does.
///
/// What is sent over a closed path arrives when it opens again. A killed process has its sockets
/// closed by its kernel; a machine without power says nothing, and answers with a reset only once
/// it runs again.
public final class SimNetwork {
  private static final long SYN_AGAIN_NANOS = Simulation.SECOND;

  private final Simulation simulation;
  private final RandomGenerator random;
  private final SimPath[] paths;
  private final boolean[] hasPower = {true, true};
  private final SimLink[] links = new SimLink[2];
  private final List<SimSocket> sockets = new ArrayList<>();

  public SimNetwork(Simulation simulation, RandomGenerator random) {
    this.simulation = simulation;
    this.random = random;
    this.paths = new SimPath[] {new SimPath(random), new SimPath(random)};
  }

  Simulation simulation() {
    return simulation;
  }

  /// The way from `node` to the other one.
  public SimPath path(int node) {
    return paths[node];
  }

  /// Does everything get through, both ways?
  public boolean isWhole() {
    return paths[0].isOpen() && paths[1].isOpen();
  }

  /// Opens or closes the way from `node` to the other one.
  public void open(int node, boolean open) {
    SimPath path = paths[node];
    if (path.isOpen() == open) {
      return;
    }
    path.open(open);
    if (!open) {
      return;
    }
    for (SimSocket socket : List.copyOf(sockets)) {
      if (socket.owner().node() == node) {
        simulation.after(random.nextLong(200 * Simulation.MILLISECOND), socket.out()::pump);
      }
    }
  }

  /// A process that starts on a machine gets a link of its own; its events go to `sink`.
  public SimLink link(int node, EventSink sink) {
    SimLink link = new SimLink(this, node, sink);
    links[node] = link;
    hasPower[node] = true;
    return link;
  }

  /// The process ended: its kernel closes its sockets, in order or with a reset.
  public void processEnded(int node) {
    SimLink link = links[node];
    if (link == null) {
      return;
    }
    link.end();
    for (SimSocket socket : List.copyOf(sockets)) {
      if (socket.owner() == link) {
        socket.endOfProcess(random.nextBoolean());
      }
    }
  }

  /// The machine lost power: nobody tells the peer.
  public void powerLost(int node) {
    SimLink link = links[node];
    hasPower[node] = false;
    if (link == null) {
      return;
    }
    link.end();
    for (SimSocket socket : List.copyOf(sockets)) {
      if (socket.owner() == link) {
        socket.vanish();
      }
    }
  }

  /// The machine boots: packets to sockets it does not know are answered with a reset.
  public void powerBack(int node) {
    hasPower[node] = true;
  }

  boolean hasPower(int node) {
    return hasPower[node];
  }

  /// Breaks one of the open connections, data in flight and all. Whether there was one.
  public boolean breakConnection() {
    List<SimSocket> open = sockets.stream().filter(SimSocket::isOpen).toList();
    if (open.isEmpty()) {
      return false;
    }
    open.get(random.nextInt(open.size())).breakConnection();
    return true;
  }

  // ---- for links

  void dial(SimLink from, long attempt, long deadlineNanos) {
    if (from.isEnded()) {
      return;
    }
    long now = simulation.nowNanos();
    int to = 1 - from.node();
    if (now >= deadlineNanos) {
      from.dialFailed(attempt, "timed out");
    } else if (!paths[from.node()].isOpen() || !paths[to].isOpen() || !hasPower[to]) {
      long again = Math.min(now + SYN_AGAIN_NANOS, deadlineNanos);
      simulation.at(again, () -> dial(from, attempt, deadlineNanos));
    } else {
      long syn = now + paths[from.node()].latencyNanos();
      simulation.at(syn, () -> syn(from, attempt, deadlineNanos));
    }
  }

  private void syn(SimLink from, long attempt, long deadlineNanos) {
    SimLink to = links[1 - from.node()];
    long back = paths[1 - from.node()].latencyNanos();
    if (!hasPower[1 - from.node()] || !paths[1 - from.node()].isOpen()) {
      dial(from, attempt, deadlineNanos);
    } else if (to == null || !to.isListening()) {
      simulation.after(back, () -> from.dialFailed(attempt, "connection refused"));
    } else {
      simulation.after(back, () -> established(from, attempt, to));
    }
  }

  private void established(SimLink from, long attempt, SimLink to) {
    if (from.isEnded()) {
      return;
    }
    SimSocket mine = new SimSocket(this, from);
    SimSocket theirs = new SimSocket(this, to);
    mine.join(theirs);
    sockets.add(mine);
    sockets.add(theirs);
    from.dialed(attempt, mine);
    simulation.after(paths[from.node()].latencyNanos(), () -> to.accepted(theirs));
  }

  SimPipe pipe(SimLink from, SimPipe.Receiver receiver) {
    return new SimPipe(simulation, random, paths[from.node()], receiver);
  }

  void forget(SimSocket socket) {
    sockets.remove(socket);
  }

  long latencyNanos(int node) {
    return paths[node].latencyNanos();
  }

  long randomNanos(long bound) {
    return random.nextLong(bound);
  }
}
