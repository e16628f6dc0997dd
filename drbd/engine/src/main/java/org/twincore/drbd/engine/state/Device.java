package org.twincore.drbd.engine.state;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;

/// What one volume is: its state word, its backing disk if it has one, what is known of the peer's,
/// its size, openers and counters (`struct drbd_device`).
///
/// Plain data with the small questions that several parts ask; who changes what is said at the
/// fields' methods. One owner, the resource.
public final class Device {
  private final int volume;
  private final int minor;
  private final Turn turn;
  private final IoCounters counters = new IoCounters();
  private OptionValues options;
  private StateWord state = StateWord.INITIAL;
  private @Nullable Backing backing;
  private StateContext.Remembered remembered = StateContext.Remembered.NOTHING;
  private Packet.@Nullable Uuids peerUuids;
  private boolean isPeerSource;
  private long toldBits;
  private long peerSectors;
  private int peerBioBytes;
  private boolean peerTakesLateMarks = true;
  private long sizeSectors;
  private Growth growth = Growth.NONE;
  private long exposedUuid;
  private boolean isWrittenElsewhere;
  private boolean peerHasDisk;
  private boolean peerLacksWrites;
  private boolean crashedPrimary;
  private boolean newUuidPostponed;
  private boolean mayResumeWithPeer;
  private boolean awaitsPeerUse;
  private boolean attachAwaitsWrites;
  private boolean tellsError;
  private boolean changesSize;
  private boolean considerResync;
  private boolean skippedSync;
  private int sequence;
  private int readers;
  private int writers;

  public Device(int volume, int minor, OptionValues options, Turn turn) {
    this.volume = volume;
    this.minor = minor;
    this.options = options;
    this.turn = turn;
  }

  public int volume() {
    return volume;
  }

  public int minor() {
    return minor;
  }

  public OptionValues options() {
    return options;
  }

  public void setOptions(OptionValues next) {
    options = next;
  }

  public IoCounters counters() {
    return counters;
  }

  public StateWord state() {
    return state;
  }

  /// Stores a new state word; only for `States`.
  public void setState(StateWord next) {
    state = next;
  }

  /// Whether application I/O that was not begun has to wait: it is suspended, or the node is on its
  /// way to learn what its disk lacks (`drbd_state_is_stable`). What was begun before is done.
  public boolean holdsIo() {
    return state.isSuspended() || isInTransit() || attachAwaitsWrites || tellsError || changesSize;
  }

  private boolean isInTransit() {
    return state.conn() == ConnectionState.WF_BITMAP_T
        || (state.conn() == ConnectionState.WF_BITMAP_S && !peerTakesLateMarks)
        || state.conn() == ConnectionState.WF_SYNC_UUID
        || state.disk() == DiskState.ATTACHING
        || state.disk() == DiskState.NEGOTIATING;
  }

  /// Whether the peer takes P_OUT_OF_SYNC for what is written after the bitmap was sent.
  public void setPeerTakesLateMarks(boolean takes) {
    peerTakesLateMarks = takes;
  }

  /// An attach waits until what was begun without the disk is done at the peer.
  public void setAttachAwaitsWrites(boolean awaits) {
    attachAwaitsWrites = awaits;
  }

  /// Whether the `local-io-error` program runs. The peer hears of the failed disk when it has
  /// ended, and of writes that only the peer gets not before that: it marks them for this node.
  public boolean tellsError() {
    return tellsError;
  }

  public void setTellsError(boolean tells) {
    tellsError = tells;
  }

  /// Another size is being found out, or the metadata moves for it.
  public void setChangesSize(boolean changes) {
    changesSize = changes;
  }

  public boolean changesSize() {
    return changesSize;
  }

  // ---- backing disk

  /// The attached disk, also while it fails and is being given up; null while diskless.
  public @Nullable Backing backing() {
    return backing;
  }

  /// The attached disk, for a caller that knows that there is one.
  public Backing disk() {
    if (backing == null) {
      throw new IllegalStateException("volume " + volume + " is diskless");
    }
    return backing;
  }

  /// Whether application and peer I/O may use the disk now.
  public boolean hasUsableDisk() {
    return backing != null && state.disk().isAtLeast(DiskState.INCONSISTENT);
  }

  public Backing attach(MetadataImage image, MetadataQueue.FailureListener listener) {
    backing = new Backing(volume, turn, image, options, listener);
    return backing;
  }

  /// The disk was released.
  public void dropBacking() {
    backing = null;
  }

  public StateContext.Remembered remembered() {
    return remembered;
  }

  public void remember(StateContext.Remembered next) {
    remembered = next;
  }

  /// Own generation UUIDs; a diskless node knows only the exposed one.
  public GenerationUuids uuids() {
    return backing == null ? new GenerationUuids(exposedUuid, 0, 0, 0) : backing.uuids();
  }

  /// Bits set in the own bitmap; 0 while diskless.
  public long outOfSyncBlocks() {
    return backing == null ? 0 : backing.bitmap().weight();
  }

  /// How many set bits the peer was told of with the last P_UUIDS.
  public long toldBits() {
    return toldBits;
  }

  public void setToldBits(long bits) {
    toldBits = bits;
  }

  /// Marks blocks that the peer does not have as they are here; nothing while diskless.
  public void markOutOfSync(Extent extent) {
    if (backing != null) {
      backing.markOutOfSync(extent);
    }
  }

  /// The current UUID of the data that users of the device have seen.
  public long exposedUuid() {
    return exposedUuid;
  }

  /// Has the peer a disk for what it writes? As last seen while connected: what it sent before the
  /// connection went down was sent in that state.
  public boolean peerHasDisk() {
    return peerHasDisk;
  }

  /// Does this diskless Primary know of writes that the peer lacks, although its disk is of the
  /// same generation? Then the peer's data is not what users have seen.
  public boolean peerLacksWrites() {
    return peerLacksWrites;
  }

  /// Keeps what later states no longer say.
  public void keepFrom(StateWord before, StateWord after) {
    if (after.conn().isAtLeast(ConnectionState.CONNECTED)) {
      peerHasDisk = after.pdsk().isAtLeast(DiskState.INCONSISTENT);
    }
    boolean losesDisk =
        before.disk() == DiskState.UP_TO_DATE && after.disk().isBelow(DiskState.INCONSISTENT);
    if (after.role() != Role.PRIMARY || after.disk() == DiskState.UP_TO_DATE) {
      isWrittenElsewhere = false;
    }
    boolean isPeerUpToDate =
        after.conn().isAtLeast(ConnectionState.CONNECTED) && after.pdsk() == DiskState.UP_TO_DATE;
    // Before the target's bitmap is merged the own one does not say what the target lacks.
    boolean mayLackMore =
        before.conn() == ConnectionState.STARTING_SYNC_S
            || before.conn() == ConnectionState.WF_BITMAP_S;
    boolean lacks = mayLackMore || outOfSyncBlocks() > 0;
    if (losesDisk && after.role() == Role.PRIMARY && !isPeerUpToDate && lacks) {
      peerLacksWrites = true;
    } else if (after.role() != Role.PRIMARY || after.disk() == DiskState.UP_TO_DATE) {
      peerLacksWrites = false;
    }
  }

  /// Users see that generation from now on.
  public void expose(long uuid) {
    if (((uuid ^ exposedUuid) & ~GenerationUuids.PRIMARY_BIT) != 0) {
      isWrittenElsewhere = false;
    }
    exposedUuid = uuid;
  }

  /// A write was answered that only the peer's disk has. Until the peer says which generation it
  /// has begun for that, this node's disk is not what users have seen, though the UUIDs are the
  /// same.
  public void writtenElsewhere() {
    isWrittenElsewhere |= !hasUsableDisk();
  }

  /// Is data with that current UUID what users of the device have seen last?
  public boolean isWhatUsersSaw(long current) {
    return !isWrittenElsewhere && ((current ^ exposedUuid) & ~GenerationUuids.PRIMARY_BIT) == 0;
  }

  public boolean crashedPrimary() {
    return crashedPrimary;
  }

  public void setCrashedPrimary(boolean crashed) {
    crashedPrimary = crashed;
  }

  public boolean newUuidPostponed() {
    return newUuidPostponed;
  }

  public void postponeNewUuid(boolean postponed) {
    newUuidPostponed = postponed;
    mayResumeWithPeer = false;
  }

  /// Whether a postponed generation is not needed if the two nodes, both Primary and frozen when
  /// they parted, meet again as they are.
  public boolean mayResumeWithPeer() {
    return mayResumeWithPeer;
  }

  /// Postpones a new generation until it is known whether the peer goes on from here.
  public void postponeNewUuidUntilMeeting() {
    newUuidPostponed = true;
    mayResumeWithPeer = true;
  }

  /// Whether a new generation begins as soon as the peer uses this node's data.
  public boolean awaitsPeerUse() {
    return awaitsPeerUse;
  }

  public void awaitPeerUse(boolean awaits) {
    awaitsPeerUse = awaits;
  }

  public boolean considerResync() {
    return considerResync;
  }

  public void setConsiderResync(boolean consider) {
    considerResync = consider;
  }

  /// Whether the peer was told that the initial sync is skipped, and has said nothing since that
  /// shows that it heard.
  public boolean skippedSync() {
    return skippedSync;
  }

  public void setSkippedSync(boolean skipped) {
    skippedSync = skipped;
  }

  // ---- the peer's side

  /// The last P_UUIDS of this connection, since an own disk is negotiated of that; null until one
  /// came.
  public Packet.@Nullable Uuids peerUuids() {
    return peerUuids;
  }

  public void setPeerUuids(Packet.@Nullable Uuids uuids) {
    peerUuids = uuids;
    isPeerSource = false;
  }

  /// P_SYNC_UUID: the peer has that as its bitmap UUID from now on, until it says otherwise or the
  /// resync ends well.
  public void peerIsSource() {
    isPeerSource = true;
  }

  /// Does the peer's bitmap count for a generation already? Then it begins no other one when writes
  /// pass by this node's disk.
  public boolean peerKeepsBitmap() {
    return isPeerSource || peerUuids != null && peerUuids.uuids().bitmap() != 0;
  }

  /// What the peer's disk can hold, sectors; 0 = not known or none.
  public long peerSectors() {
    return peerSectors;
  }

  public void setPeerSectors(long sectors) {
    peerSectors = sectors;
  }

  /// The largest request that the peer takes, bytes; 0 = not known.
  public int peerBioBytes() {
    return peerBioBytes;
  }

  public void setPeerBioBytes(int bytes) {
    peerBioBytes = bytes;
  }

  /// The next number for a write or an ack (drbd-wire section 9).
  public int nextSequence() {
    return ++sequence;
  }

  public void restartSequence() {
    sequence = 0;
  }

  // ---- size

  public long sizeSectors() {
    return sizeSectors;
  }

  /// The device has another size from now on; metadata follows. New blocks count as out of sync
  /// unless told not to.
  public void resize(long sectors, boolean newBlocksOutOfSync) {
    if (backing != null
        && (backing.bitmap().sizeSectors() != sectors
            || backing.superblock().lastAgreedSectors() != sectors)) {
      backing.resize(sectors, newBlocksOutOfSync);
    }
    sizeSectors = sectors;
  }

  /// A new area that is still to be copied to one of the disks.
  public Growth growth() {
    return growth;
  }

  public void setGrowth(Growth next) {
    growth = next;
  }

  public long wantedSectors() {
    return options.num(Option.SIZE);
  }

  /// Whether the extent lies on the device.
  public boolean contains(Extent extent) {
    return extent.sizeBytes() > 0 && extent.endSector() <= sizeSectors;
  }

  // ---- openers

  public void opened(Event.Access access) {
    if (access == Event.Access.READ_WRITE) {
      writers++;
    } else {
      readers++;
    }
  }

  public void closed(Event.Access access) {
    if (access == Event.Access.READ_WRITE) {
      writers = Math.max(0, writers - 1);
    } else {
      readers = Math.max(0, readers - 1);
    }
  }

  /// Openers of any kind.
  public int openers() {
    return readers + writers;
  }

  /// Openers that forbid this node to be Secondary.
  public int writers() {
    return writers;
  }
}
