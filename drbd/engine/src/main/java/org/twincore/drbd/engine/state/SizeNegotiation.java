package org.twincore.drbd.engine.state;

import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;

/// How large the device is that two backing disks carry together (drbd-wire section 14).
///
/// All sizes are in sectors of 512 bytes; 0 means "none" or "not known".
public final class SizeNegotiation {
  /// 1 EiB: no peer that means well says more, and the sum of two such sizes is far from overflow.
  private static final long LARGEST_SECTORS = 1L << 51;

  private SizeNegotiation() {}

  /// What bounds a size: own backing capacity usable for data (0 = diskless), the peer's (`d_size`,
  /// 0 = diskless or never met), the last agreed size in the metadata, and the configured `size`.
  public record Bounds(long ownSectors, long peerSectors, long lastAgreedSectors, long wanted) {}

  /// The size that bounds allow; `wantedTooBig` says that the configured size did not fit and was
  /// left aside (an error for the log, refused when an admin resizes).
  public record Size(long sectors, boolean wantedTooBig) {}

  /// The size of a device whose own disk is attached; 0 if both are diskless and never agreed.
  public static Size deviceSize(Bounds bounds) {
    long sectors = available(bounds);
    if (bounds.wanted == 0) {
      return new Size(sectors, false);
    }
    return bounds.wanted > sectors ? new Size(sectors, true) : new Size(bounds.wanted, false);
  }

  private static long available(Bounds bounds) {
    if (bounds.peerSectors != 0 && bounds.ownSectors != 0) {
      return Math.min(bounds.peerSectors, bounds.ownSectors);
    }
    long known = Math.max(bounds.ownSectors, bounds.peerSectors);
    return smallerNonZero(bounds.lastAgreedSectors, known);
  }

  /// The smaller of two sizes of which 0 means none.
  public static long smallerNonZero(long one, long other) {
    return one == 0 ? other : other == 0 ? one : Math.min(one, other);
  }

  /// P_SIZES as it arrived, in sectors, with its flags word.
  public record PeerSizes(long backing, long wanted, long current, int flags) {}

  /// The own side when P_SIZES arrives; `peerDisk` as known before this packet, `ownBacking` 0 =
  /// diskless, `current` the size of the device now.
  public record Own(
      Phase phase,
      Role role,
      DiskState disk,
      DiskState peerDisk,
      long ownBacking,
      long lastAgreed,
      long wanted,
      long current) {}

  /// How far the connection is.
  public enum Phase {
    /// WFReportParams: the parameters of a fresh connection.
    CONNECTING,
    /// Above WFReportParams.
    ESTABLISHED
  }

  /// The rules of an answer, by name.
  public enum Rule {
    /// Own disk and peer's disk together give the size.
    AGREED,
    /// A size that is negative or beyond 1 EiB.
    REFUSED_IMPOSSIBLE,
    /// Usable data would be cut off by a smaller peer.
    REFUSED_PEER_TOO_SMALL,
    /// Diskless: the peer knows no size either.
    DISKLESS_PEER_KNOWS_NOTHING,
    /// Diskless: the peer's size is what we have.
    DISKLESS_UNCHANGED,
    /// Diskless: a diskless peer has nothing to say about a size that we know.
    DISKLESS_PEER_IGNORED,
    /// Diskless Primary: the device cannot shrink under its users.
    REFUSED_DISKLESS_PRIMARY_SHRINKS,
    /// Diskless: the peer's size is taken.
    DISKLESS_TAKES_PEERS
  }

  /// What to do. If not refused: the device gets `sectors`, the configured size becomes `wanted`;
  /// if `reply`, send P_SIZES back with the flags of the packet. A refusal ends in StandAlone.
  public record Answer(Rule rule, long sectors, long wanted, boolean wantedTooBig, boolean reply) {
    public boolean isRefused() {
      return rule == Rule.REFUSED_IMPOSSIBLE
          || rule == Rule.REFUSED_PEER_TOO_SMALL
          || rule == Rule.REFUSED_DISKLESS_PRIMARY_SHRINKS;
    }

    public boolean grows(long beforeSectors) {
      return !isRefused() && sectors > beforeSectors;
    }
  }

  /// The answer to a P_SIZES.
  public static Answer receive(PeerSizes peer, Own own) {
    if (isImpossible(peer.backing) || isImpossible(peer.wanted) || isImpossible(peer.current)) {
      return new Answer(Rule.REFUSED_IMPOSSIBLE, own.current, own.wanted, false, false);
    }
    return own.ownBacking == 0 ? receiveDiskless(peer, own) : receiveWithDisk(peer, own);
  }

  private static boolean isImpossible(long sectors) {
    return sectors < 0 || sectors > LARGEST_SECTORS;
  }

  private static Answer receiveWithDisk(PeerSizes peer, Own own) {
    long wanted =
        own.phase == Phase.CONNECTING ? smallerNonZero(own.wanted, peer.wanted) : peer.wanted;
    Size size = deviceSize(new Bounds(own.ownBacking, peer.backing, own.lastAgreed, wanted));
    boolean maySetSmaller =
        own.disk.isBelow(DiskState.OUTDATED)
            || (own.phase == Phase.ESTABLISHED && own.peerDisk != DiskState.DISKLESS);
    if (size.sectors < own.current && !maySetSmaller) {
      return new Answer(Rule.REFUSED_PEER_TOO_SMALL, own.current, own.wanted, false, false);
    }
    boolean reply = own.phase == Phase.ESTABLISHED && peer.current != size.sectors;
    return new Answer(Rule.AGREED, size.sectors, wanted, size.wantedTooBig, reply);
  }

  private static Answer receiveDiskless(PeerSizes peer, Own own) {
    long offered = peer.current != 0 ? peer.current : peer.wanted != 0 ? peer.wanted : peer.backing;
    Rule rule;
    if (offered == 0) {
      rule = Rule.DISKLESS_PEER_KNOWS_NOTHING;
    } else if (offered == own.current) {
      rule = Rule.DISKLESS_UNCHANGED;
    } else if (own.current != 0 && peer.backing == 0) {
      rule = Rule.DISKLESS_PEER_IGNORED;
    } else if (offered < own.current && own.role == Role.PRIMARY) {
      rule = Rule.REFUSED_DISKLESS_PRIMARY_SHRINKS;
    } else {
      rule = Rule.DISKLESS_TAKES_PEERS;
    }
    long sectors = rule == Rule.DISKLESS_TAKES_PEERS ? offered : own.current;
    boolean refused = rule == Rule.REFUSED_DISKLESS_PRIMARY_SHRINKS;
    boolean reply = !refused && own.phase == Phase.ESTABLISHED && peer.current != sectors;
    return new Answer(rule, sectors, own.wanted, false, reply);
  }
}
