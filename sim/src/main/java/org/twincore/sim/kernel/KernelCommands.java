package org.twincore.sim.kernel;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;
import org.twincore.sim.world.Simulation;

/// What an admin asks of a scripted node, and the changes that both nodes must agree to (drbd-wire
/// 7.3).
public final class KernelCommands {
  private static final int SUCCESS = 1;
  private static final int NOTHING_TO_DO = 2;
  private static final int TWO_PRIMARIES = -1;
  private static final int NO_UP_TO_DATE_DISK = -2;
  private static final int RESYNC_RUNNING = -8;
  private static final int CONCURRENT = -19;
  private static final long CLOSE_NANOS = 5 * Simulation.MILLISECOND;

  private final KernelPeer node;

  /// A change that waits for the peer's answer: what follows if that is good.
  private @Nullable Runnable asked;

  KernelCommands(KernelPeer node) {
    this.node = node;
  }

  boolean isIdle() {
    return asked == null;
  }

  void forget() {
    asked = null;
  }

  private StateWord state() {
    return node.state();
  }

  void asked(Packet.StateChange change) {
    PacketType answer =
        change.type() == PacketType.CONN_ST_CHG_REQ
            ? PacketType.CONN_ST_CHG_REPLY
            : PacketType.STATE_CHG_REPLY;
    int result = asked != null && node.resolvesConflicts() ? CONCURRENT : agreedTo(change);
    node.wire.meta(new Packet.StateChangeReply(answer, result));
    if (result != SUCCESS) {
      return;
    }
    if ((change.mask() & StateWord.CONN_MASK) == 0) {
      return;
    }
    switch (conn(change.value())) {
      case DISCONNECTING -> {
        node.tearDown();
        node.later(CLOSE_NANOS, () -> node.hangUp("the peer disconnects"));
      }
      case STARTING_SYNC_T -> node.resync().startWholeAsSource();
      case STARTING_SYNC_S -> node.resync().startWholeAsTarget();
      case VERIFY_S -> node.verify().answer();
      default -> {}
    }
  }

  private static ConnectionState conn(int bits) {
    return ConnectionState.ofCode((bits & StateWord.CONN_MASK) >> 4)
        .orElseThrow(() -> new Misbehaved("connection state " + bits));
  }

  /// Applies what the peer asks for, if it may; the result code.
  private int agreedTo(Packet.StateChange change) {
    int mask = KernelStates.swapped(change.mask());
    int value = KernelStates.swapped(change.value());
    if ((change.mask() & StateWord.CONN_MASK) != 0) {
      ConnectionState conn = conn(change.value());
      if (conn == ConnectionState.DISCONNECTING) {
        return SUCCESS;
      }
      boolean isStart =
          conn == ConnectionState.STARTING_SYNC_S
              || conn == ConnectionState.STARTING_SYNC_T
              || conn == ConnectionState.VERIFY_S;
      if (!isStart) {
        throw new Misbehaved("asked for " + conn);
      }
      if (state().conn() != ConnectionState.CONNECTED) {
        return RESYNC_RUNNING;
      }
      return haveDisks() ? SUCCESS : NOTHING_TO_DO;
    }
    StateWord wanted =
        StateWord.of(state().toInt() & ~mask | value & mask)
            .orElseThrow(() -> new Misbehaved("asked for " + change));
    boolean isBoth = wanted.role() == Role.PRIMARY && wanted.peer() == Role.PRIMARY;
    if (isBoth && !node.settings().twoPrimaries()) {
      return TWO_PRIMARIES;
    }
    boolean losesData =
        node.isPrimary()
            && !DiskState.INCONSISTENT.isBelow(wanted.disk())
            && !DiskState.INCONSISTENT.isBelow(wanted.pdsk());
    if (losesData) {
      return NO_UP_TO_DATE_DISK;
    }
    if (state().disk() == DiskState.INCONSISTENT
        && state().pdsk() == DiskState.INCONSISTENT
        && wanted.pdsk() == DiskState.UP_TO_DATE) {
      node.considerResync();
    }
    node.setState(wanted);
    return SUCCESS;
  }

  void replied(Packet.StateChangeReply reply) {
    Runnable then = asked;
    if (then == null) {
      throw new Misbehaved("an answer to nothing: " + reply);
    }
    asked = null;
    if (reply.code() >= SUCCESS) {
      then.run();
    }
    node.packets().takeHeldSoon();
  }

  void ask(PacketType type, int mask, int value, Runnable then) {
    asked = then;
    node.wire.data(new Packet.StateChange(type, mask, value), null);
  }

  // ---- commands

  /// `drbdadm primary`, with `--force` if the disk is not UpToDate; nothing happens if that cannot
  /// be.
  public void becomePrimary() {
    boolean isTaken = state().peer() == Role.PRIMARY && !node.settings().twoPrimaries();
    if (node.isPrimary() || asked != null || isTaken) {
      return;
    }
    boolean isForced = state().disk() == DiskState.INCONSISTENT;
    if (!node.attachment().isThere() && state().pdsk() != DiskState.UP_TO_DATE) {
      return;
    }
    int mask = StateWord.ROLE_MASK | (isForced ? StateWord.DISK_MASK : 0);
    StateWord target =
        (isForced ? state().withDisk(DiskState.UP_TO_DATE) : state()).withRole(Role.PRIMARY);
    if (state().conn().isAtLeast(ConnectionState.CONNECTED)) {
      Runnable promote = () -> promoted(isForced);
      node.ping(() -> {});
      ask(PacketType.STATE_CHG_REQ, mask, target.toInt() & mask, promote);
    } else if (state().conn() == ConnectionState.WF_CONNECTION && !isForced) {
      promoted(true);
    }
  }

  private void promoted(boolean isNewData) {
    boolean hadNone = state().disk() == DiskState.INCONSISTENT;
    StateWord wanted = state().withRole(Role.PRIMARY);
    GenerationUuids uuids = node.disk.uuids();
    node.disk.uuids(uuids.withCurrent(KernelUuids.role(uuids.current(), true)));
    boolean isAlone = state().pdsk().isBelow(DiskState.NEGOTIATING) && uuids.bitmap() == 0;
    if (isNewData || isAlone) {
      node.disk.uuids(
          node.disk.uuids().bitmap() == 0
              ? KernelUuids.fresh(uuids, node.drawnUuid(), true)
              : node.disk.uuids());
      if (isNewData && state().conn().isAtLeast(ConnectionState.CONNECTED)) {
        node.report().uuids(0);
      }
    }
    if (hadNone && state().pdsk() == DiskState.INCONSISTENT) {
      node.considerResync();
    }
    node.setState(hadNone ? wanted.withDisk(DiskState.UP_TO_DATE) : wanted);
  }

  /// `drbdadm secondary`, once its own writes are all done; whoever had the device open flushed.
  public void becomeSecondary() {
    if (node.isPrimary() && node.writer().isIdle()) {
      node.disk.flush();
      GenerationUuids uuids = node.disk.uuids();
      node.disk.uuids(uuids.withCurrent(KernelUuids.role(uuids.current(), false)));
      node.setState(state().withRole(Role.SECONDARY));
    }
  }

  /// `drbdadm disconnect`; `then` runs when the peer agreed and both sockets are closed.
  public void disconnect(Runnable then) {
    if (!state().conn().isAtLeast(ConnectionState.CONNECTED) || asked != null) {
      return;
    }
    PacketType type =
        node.agreed().has(Since.CONNECTION_CHANGES)
            ? PacketType.CONN_ST_CHG_REQ
            : PacketType.STATE_CHG_REQ;
    int value = ConnectionState.DISCONNECTING.code() << 4;
    ask(
        type,
        StateWord.CONN_MASK,
        value,
        () -> {
          node.hangUp("disconnected");
          then.run();
        });
  }

  /// `drbdadm new-current-uuid --clear-bitmap` beside another disk that was just created: nothing
  /// has to be copied.
  public void skipInitialSync() {
    KernelDisk disk = node.disk;
    disk.clearAll();
    disk.uuids(KernelUuids.fresh(disk.uuids(), node.drawnUuid(), node.isPrimary()));
    node.report().uuids(UuidFlags.SKIP_INITIAL_SYNC);
    disk.uuids(disk.uuids().withBitmap(0));
    node.setState(state().withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE));
  }

  /// `drbdadm net-options` with another `after-sb-0pri`, by its number.
  public void changePolicy(int withoutPrimary) {
    node.report().settings(PacketType.PROTOCOL_UPDATE, withoutPrimary, 0);
  }

  private void verifies() {
    if (haveDisks()) {
      node.verify().start();
    }
  }

  /// `drbdadm verify`, if both are good and nothing else goes on.
  public void verify() {
    boolean mayBe =
        state().conn() == ConnectionState.CONNECTED
            && state().disk() == DiskState.UP_TO_DATE
            && state().pdsk() == DiskState.UP_TO_DATE
            && node.settings().digests().verify().isPresent()
            && asked == null;
    if (mayBe) {
      int value = ConnectionState.VERIFY_S.code() << 4;
      ask(PacketType.STATE_CHG_REQ, StateWord.CONN_MASK, value, this::verifies);
    }
  }

  /// Else there is nothing to copy or compare.
  private boolean haveDisks() {
    return node.attachment().isThere() && state().pdsk().isAtLeast(DiskState.INCONSISTENT);
  }

  private void invalidated() {
    if (haveDisks()) {
      node.resync().startWholeAsTarget();
    }
  }

  /// `drbdadm invalidate`: everything comes from the peer again.
  public void invalidate() {
    boolean mayBe =
        state().conn() == ConnectionState.CONNECTED
            && !node.isPrimary()
            && node.attachment().isThere()
            && state().pdsk() == DiskState.UP_TO_DATE
            && asked == null;
    if (mayBe) {
      int value = ConnectionState.STARTING_SYNC_T.code() << 4;
      ask(PacketType.STATE_CHG_REQ, StateWord.CONN_MASK, value, this::invalidated);
    }
  }
}
