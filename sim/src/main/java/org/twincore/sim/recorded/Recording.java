package org.twincore.sim.recorded;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.testkit.RegisterHistory;

/// What the clients of both nodes asked for in one act and what they were told, as one history or
/// as what one side of a split brain knows of it.
///
/// A node that has lost the other, or has ended, is *lost* from then on. What it answers alone is
/// no part of the other side's history, but may have happened there: its writes may be on their
/// way.
final class Recording implements NodeWatcher {
  /// Both sides together.
  static final int ALL = -1;

  private static final int SECTORS_PER_BLOCK = 8;

  private final ClusterView view;
  private final Map<Long, Long> before = new TreeMap<>();
  private final List<Told> told = new ArrayList<>();

  /// By node: where writes began that the peer has acked and that are not answered yet, and how
  /// many.
  private final List<TreeMap<Long, Integer>> acked = List.of(new TreeMap<>(), new TreeMap<>());

  private final boolean[] isLost = new boolean[2];
  private final boolean[] hasEnded = new boolean[2];
  private final boolean[] lostPower = new boolean[2];
  private final boolean[] wentOnAlone = new boolean[2];
  private boolean hadPeersAck;
  private long moment = 10;
  private long lastValue;

  /// One request; `value` of a read is known at its end.
  static final class Told {
    private final int node;
    private final boolean writes;
    private final long block;
    private final long from;
    private long value;
    private long to = RegisterHistory.NEVER;

    /// At the answer: the node said that the peer has it too.
    private boolean isShared;

    /// At the answer: neither node had lost the other before.
    private boolean isBeforeAnyLoss;

    private Told(int node, boolean writes, long block, long from) {
      this.node = node;
      this.writes = writes;
      this.block = block;
      this.from = from;
    }

    long value() {
      return value;
    }
  }

  /// An act begins, with that in the blocks; values written from now on are above `lastValue`.
  Recording(ClusterView view, Map<Long, Long> contents, long lastValue) {
    this.view = view;
    this.before.putAll(contents);
    this.lastValue = lastValue;
  }

  long lastValue() {
    return lastValue;
  }

  int operations() {
    return told.size();
  }

  /// Has the node been Primary without the other, free to answer, or answered a write alone?
  boolean wentOnAlone(int node) {
    return wentOnAlone[node];
  }

  /// Has its process ended in this act?
  boolean hasEnded(int node) {
    return hasEnded[node];
  }

  /// Has its machine lost its power in this act?
  boolean lostPower(int node) {
    return lostPower[node];
  }

  /// Have both machines lost their power in this act, with what was in their caches?
  boolean bothLostPower() {
    return lostPower[0] && lostPower[1];
  }

  // ---- what happens

  Told beginsWrite(int node, long block) {
    Told write = tell(node, true, block);
    write.value = ++lastValue;
    return write;
  }

  Told beginsRead(int node, long block) {
    return tell(node, false, block);
  }

  private Told tell(int node, boolean writes, long block) {
    Told one = new Told(node, writes, block, ++moment);
    told.add(one);
    return one;
  }

  void wrote(Told write) {
    ends(write);
    wroteAnything(write.node, write.block * SECTORS_PER_BLOCK);
  }

  void read(Told read, long value) {
    read.value = value;
    ends(read);
  }

  private void ends(Told one) {
    one.to = ++moment;
    one.isShared = isShared(one.node);
    one.isBeforeAnyLoss = !isLost[0] && !isLost[1];
  }

  /// The node has answered a write that began there, of these blocks or of others. What the peer
  /// has acked it has not written alone, whatever became of the connection since.
  void wroteAnything(int node, long sector) {
    hadPeersAck = takePeersAck(node, sector);
    wentOnAlone[node] |= !hadPeersAck && !isShared(node);
  }

  /// Had the peer acked the write that was answered last?
  boolean hadPeersAck() {
    return hadPeersAck;
  }

  /// An admin made it Primary without the other one.
  void promotedAlone(int node) {
    wentOnAlone[node] = true;
  }

  private boolean isShared(int node) {
    StateWord state = view.state(node, 0);
    return state.conn().isAtLeast(ConnectionState.CONNECTED)
        && state.pdsk() == DiskState.UP_TO_DATE;
  }

  private boolean takePeersAck(int node, long sector) {
    Integer count = acked.get(node).remove(sector);
    if (count != null && count > 1) {
      acked.get(node).put(sector, count - 1);
    }
    return count != null;
  }

  @Override
  public void event(SimNode node, Event event) {
    if (event instanceof Event.PacketArrived arrived
        && arrived.packet() instanceof Packet.BlockAck ack
        && ack.blockId() != Packet.RESYNC_BLOCK_ID
        && isPositive(ack.type())) {
      acked.get(node.id()).merge(ack.sector(), 1, Integer::sum);
    }
  }

  private static boolean isPositive(PacketType type) {
    return type == PacketType.WRITE_ACK
        || type == PacketType.RS_WRITE_ACK
        || type == PacketType.SUPERSEDED;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.StateChanged changed
        && changed.after().conn().isBelow(ConnectionState.CONNECTED)) {
      isLost[node.id()] = true;
      StateWord state = changed.after();
      wentOnAlone[node.id()] |=
          state.role() == Role.PRIMARY
              && state.disk() == DiskState.UP_TO_DATE
              && !state.isSuspended();
    }
  }

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    lostPower[node.id()] |= ending == SimNode.Ending.POWER_CUT;
    isLost[node.id()] = true;
    hasEnded[node.id()] = true;
    acked.get(node.id()).clear();
  }

  // ---- histories

  /// The history as that node's side knows it, or of [#ALL]; at its end the blocks have these
  /// contents.
  RegisterHistory history(int side, Map<Long, Long> after) {
    RegisterHistory history = new RegisterHistory();
    before.forEach((block, value) -> {
      if (value != 0) {
        history.wrote(block, value, 1, 2);
      }
    });
    for (Told one : told) {
      if (one.writes) {
        boolean isKnown = side == ALL || one.node == side || one.isShared;
        history.wrote(one.block, one.value, one.from, isKnown ? one.to : RegisterHistory.NEVER);
      }
    }
    // What a node read that had not heard yet of the other's end went with it when it ended too.
    boolean bothEnded = hasEnded[0] && hasEnded[1];
    for (Told one : told) {
      boolean isKnown = (side == ALL && !bothEnded) || one.node == side || one.isBeforeAnyLoss;
      if (!one.writes && isKnown && one.to != RegisterHistory.NEVER) {
        history.read(one.block, one.value, one.from, one.to);
      }
    }
    after.forEach((block, value) -> history.read(block, value, moment + 1, moment + 2));
    return history;
  }
}
