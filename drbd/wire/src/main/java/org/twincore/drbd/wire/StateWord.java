package org.twincore.drbd.wire;

import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;

/// The state of one volume, as it travels in P_STATE (drbd-wire section 7).
///
/// | bits | field |
/// |---|---|
/// | 0-1 | role |
/// | 2-3 | peer (the peer's role) |
/// | 4-8 | conn |
/// | 9-12 | disk |
/// | 13-16 | pdsk (the peer's disk) |
/// | 17 | susp: I/O suspended by an admin |
/// | 18 | aftr_isp: resync paused by resync-after |
/// | 19 | peer_isp: resync paused by the peer |
/// | 20 | user_isp: resync paused by an admin |
/// | 21 | susp_nod: no data accessible |
/// | 22 | susp_fen: fencing under way |
public record StateWord(
    Role role,
    Role peer,
    ConnectionState conn,
    DiskState disk,
    DiskState pdsk,
    boolean susp,
    boolean aftrIsp,
    boolean peerIsp,
    boolean userIsp,
    boolean suspNod,
    boolean suspFen) {

  public static final int ROLE_MASK = 0x3;
  public static final int PEER_MASK = 0xc;
  public static final int CONN_MASK = 0x1f0;
  public static final int DISK_MASK = 0x1e00;
  public static final int PDSK_MASK = 0x1e000;
  public static final int SUSP_MASK = 1 << 17;
  public static final int AFTR_ISP_MASK = 1 << 18;
  public static final int PEER_ISP_MASK = 1 << 19;
  public static final int USER_ISP_MASK = 1 << 20;
  public static final int SUSP_NOD_MASK = 1 << 21;
  public static final int SUSP_FEN_MASK = 1 << 22;

  /// A volume that was just made: nothing attached, nothing connected.
  public static final StateWord INITIAL =
      new StateWord(
          Role.SECONDARY,
          Role.UNKNOWN,
          ConnectionState.STAND_ALONE,
          DiskState.DISKLESS,
          DiskState.D_UNKNOWN,
          false,
          false,
          false,
          false,
          false,
          false);

  public int toInt() {
    return role.code()
        | peer.code() << 2
        | conn.code() << 4
        | disk.code() << 9
        | pdsk.code() << 13
        | bit(susp, SUSP_MASK)
        | bit(aftrIsp, AFTR_ISP_MASK)
        | bit(peerIsp, PEER_ISP_MASK)
        | bit(userIsp, USER_ISP_MASK)
        | bit(suspNod, SUSP_NOD_MASK)
        | bit(suspFen, SUSP_FEN_MASK);
  }

  private static int bit(boolean set, int mask) {
    return set ? mask : 0;
  }

  /// The word's fields; empty if a connection or disk number is none of DRBD 8.4's.
  public static Optional<StateWord> of(int word) {
    Optional<ConnectionState> conn = ConnectionState.ofCode(word >> 4 & 31);
    Optional<DiskState> disk = DiskState.ofCode(word >> 9 & 15);
    Optional<DiskState> pdsk = DiskState.ofCode(word >> 13 & 15);
    if (conn.isEmpty() || disk.isEmpty() || pdsk.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new StateWord(
            Role.ofCode(word & 3),
            Role.ofCode(word >> 2 & 3),
            conn.get(),
            disk.get(),
            pdsk.get(),
            (word & SUSP_MASK) != 0,
            (word & AFTR_ISP_MASK) != 0,
            (word & PEER_ISP_MASK) != 0,
            (word & USER_ISP_MASK) != 0,
            (word & SUSP_NOD_MASK) != 0,
            (word & SUSP_FEN_MASK) != 0));
  }

  /// Whether I/O is frozen for any reason.
  public boolean isSuspended() {
    return susp || suspNod || suspFen;
  }

  public boolean isResyncPaused() {
    return aftrIsp || peerIsp || userIsp;
  }

  public StateWord withRole(Role value) {
    return new StateWord(
        value, peer, conn, disk, pdsk, susp, aftrIsp, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withPeer(Role value) {
    return new StateWord(
        role, value, conn, disk, pdsk, susp, aftrIsp, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withConn(ConnectionState value) {
    return new StateWord(
        role, peer, value, disk, pdsk, susp, aftrIsp, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withDisk(DiskState value) {
    return new StateWord(
        role, peer, conn, value, pdsk, susp, aftrIsp, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withPdsk(DiskState value) {
    return new StateWord(
        role, peer, conn, disk, value, susp, aftrIsp, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withSusp(boolean value) {
    return new StateWord(
        role, peer, conn, disk, pdsk, value, aftrIsp, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withAftrIsp(boolean value) {
    return new StateWord(
        role, peer, conn, disk, pdsk, susp, value, peerIsp, userIsp, suspNod, suspFen);
  }

  public StateWord withPeerIsp(boolean value) {
    return new StateWord(
        role, peer, conn, disk, pdsk, susp, aftrIsp, value, userIsp, suspNod, suspFen);
  }

  public StateWord withUserIsp(boolean value) {
    return new StateWord(
        role, peer, conn, disk, pdsk, susp, aftrIsp, peerIsp, value, suspNod, suspFen);
  }

  public StateWord withSuspNod(boolean value) {
    return new StateWord(
        role, peer, conn, disk, pdsk, susp, aftrIsp, peerIsp, userIsp, value, suspFen);
  }

  public StateWord withSuspFen(boolean value) {
    return new StateWord(
        role, peer, conn, disk, pdsk, susp, aftrIsp, peerIsp, userIsp, suspNod, value);
  }

  /// `cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate r-----`, as /proc/drbd writes it.
  @Override
  public String toString() {
    return "cs:"
        + conn
        + " ro:"
        + role
        + "/"
        + peer
        + " ds:"
        + disk
        + "/"
        + pdsk
        + " "
        + (isSuspended() ? "s" : "r")
        + (aftrIsp ? "a" : "-")
        + (peerIsp ? "p" : "-")
        + (userIsp ? "u" : "-");
  }
}
