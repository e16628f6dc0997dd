package org.twincore.sim.kernel;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.Simulation;

/// The disk of a scripted node as it comes and goes while the node runs (drbd-wire 6.2, 7.2, 7.4).
///
/// ```
/// any disk --#detach, #fail, refused by the handshake--> Failed --what is under way is done--> Diskless
/// Diskless --#attach, alone--> what the metadata says
/// Diskless --#attach, connected--> Negotiating --the peer's P_STATE--> what the handshake says
/// ```
final class KernelAttachment {
  private static final long DRAIN_NANOS = 3 * Simulation.MILLISECOND;

  private final KernelPeer node;

  /// What the metadata said at the last attach within a connection; a disk that negotiates becomes
  /// that if the handshake leaves it alone.
  private DiskState found = DiskState.DISKLESS;

  /// The current UUID of the data that applications see.
  private long exposed;

  /// It was given up after an I/O error.
  private boolean isBroken;

  /// Attached this often within the connection.
  private int attaches;

  KernelAttachment(KernelPeer node) {
    this.node = node;
  }

  private StateWord state() {
    return node.state();
  }

  /// Can data be read and written, and metadata changed?
  boolean isThere() {
    return state().disk().isAtLeast(DiskState.INCONSISTENT);
  }

  /// The same, or is it about to be decided what the disk is good for?
  boolean isNegotiatingOrThere() {
    return state().disk().isAtLeast(DiskState.NEGOTIATING);
  }

  // ---- attach

  /// `drbdadm attach`, and the attach of `drbdadm up`; refused beside an application that sees
  /// other data, and not yet possible while what it wrote without the disk is under way.
  void attach() {
    boolean isConnected = state().conn() == ConnectionState.CONNECTED;
    boolean isBetween = !isConnected && state().conn().isAtLeast(ConnectionState.WF_REPORT_PARAMS);
    boolean isSettled = !isBetween && node.writer().isIdle();
    if (state().disk() != DiskState.DISKLESS || !isSettled || isOtherData()) {
      return;
    }
    isBroken = false;
    node.disk.takeAgain();
    node.disk.recover();
    DiskState said = node.disk.isConsistent() ? DiskState.UP_TO_DATE : DiskState.INCONSISTENT;
    long current = node.disk.uuids().current();
    node.disk.uuids(node.disk.uuids().withCurrent(KernelUuids.role(current, node.isPrimary())));
    if (isConnected) {
      found = said;
      attaches++;
      node.forgetPeerUuids();
      node.setState(state().withDisk(DiskState.NEGOTIATING));
      node.report().sizes();
      node.report().uuids(0);
      node.report().state();
    } else {
      node.setState(state().withDisk(said));
    }
  }

  /// May the peer still be answering what was before an attach within the connection?
  boolean mayBeOvertaken() {
    return attaches > 0;
  }

  private boolean isOtherData() {
    boolean isInUse = node.isPrimary() || state().peer() == Role.PRIMARY;
    return isInUse
        && state().pdsk() != DiskState.UP_TO_DATE
        && exposed != 0
        && !isSame(exposed, node.disk.uuids().current());
  }

  private static boolean isSame(long current, long other) {
    return (current & ~GenerationUuids.PRIMARY_BIT) == (other & ~GenerationUuids.PRIMARY_BIT);
  }

  /// What the disk was found to be when it was last attached within a connection; told with P_UUIDS
  /// from then on.
  DiskState found() {
    return found;
  }

  /// The handshake of the attach left both Connected, or made this node a source. (A kernel's node
  /// also takes its disk for good when a P_STATE of the peer crosses the attach, a demotion's for
  /// example, though nothing was compared by then; what it reads in that moment is its own fault.)
  StateWord negotiated(StateWord wanted) {
    boolean isDecided =
        wanted.conn() == ConnectionState.CONNECTED && node.hasPeerUuids()
            || wanted.conn() == ConnectionState.WF_BITMAP_S;
    return isDecided && wanted.disk() == DiskState.NEGOTIATING ? wanted.withDisk(found) : wanted;
  }

  /// The connection ended; what negotiated is what it was found to be, if that is the data that
  /// applications saw.
  StateWord withoutPeer(StateWord state) {
    attaches = 0;
    if (state.disk() != DiskState.NEGOTIATING) {
      return state;
    }
    boolean isCurrent = exposed == node.disk.uuids().current();
    if (!isCurrent) {
      node.disk.giveUp();
    }
    return state.withDisk(isCurrent ? found : DiskState.DISKLESS);
  }

  // ---- detach

  /// `drbdadm detach`, if the data stays in reach and the peer agrees.
  void detach() {
    boolean staysInReach =
        node.isPrimary() ? state().pdsk() == DiskState.UP_TO_DATE : !node.isVerifying();
    if (!isThere() || !staysInReach || !node.commands().isIdle()) {
      return;
    }
    if (state().conn().isAtLeast(ConnectionState.CONNECTED)) {
      node.commands()
          .ask(
              PacketType.STATE_CHG_REQ,
              StateWord.DISK_MASK,
              state().withDisk(DiskState.FAILED).toInt() & StateWord.DISK_MASK,
              this::giveUp);
    } else if (state().conn() == ConnectionState.WF_CONNECTION) {
      giveUp();
    }
  }

  /// An I/O error, with `on-io-error detach`.
  void fail() {
    isBroken |= isThere();
    giveUp();
  }

  /// Did the disk fail, so that what was under way there did as well?
  boolean isBroken() {
    return isBroken;
  }

  /// Gives it up; nothing happens if that was done already.
  void giveUp() {
    if (!isNegotiatingOrThere()) {
      return;
    }
    node.disk.giveUp();
    node.setState(state().withDisk(DiskState.FAILED));
    node.simulation.after(
        DRAIN_NANOS,
        () -> {
          if (state().disk() == DiskState.FAILED) {
            node.setState(state().withDisk(DiskState.DISKLESS));
          }
        });
  }

  /// A new state is taken.
  void follow(StateWord before, StateWord after) {
    boolean isGood = after.disk().isAtLeast(DiskState.CONSISTENT);
    boolean isGone = after.disk() == DiskState.FAILED;
    if (isGood && before.disk().isBelow(DiskState.CONSISTENT)
        || isGone && before.disk().isAtLeast(DiskState.INCONSISTENT)) {
      exposed = node.disk.uuids().current();
    }
  }

  // ---- the peer's data

  /// P_UUIDS: may a node without a disk of its own go on with data of that current UUID? If it may
  /// that is the data from now on.
  boolean goesOnWith(long current) {
    if (isThere()) {
      return true;
    }
    boolean isFirst =
        state().conn().isBelow(ConnectionState.CONNECTED) || state().pdsk() == DiskState.DISKLESS;
    if (isFirst && node.isPrimary() && !isSame(exposed, current)) {
      return false;
    }
    if (node.isPrimary() || state().conn().isAtLeast(ConnectionState.CONNECTED)) {
      exposed = current;
    }
    return true;
  }
}
