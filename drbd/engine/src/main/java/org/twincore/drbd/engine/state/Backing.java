package org.twincore.drbd.engine.state;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;

/// An attached backing disk: its metadata in memory, and the writes that bring it to disk.
///
/// Changes of the superblock are written in the order in which they were made; several waiting ones
/// become one write. Bitmap pages are written when somebody asks, dirty ones only.
public final class Backing {
  private static final int SLOTS_PER_RING_BLOCK = ActivityLog.CONTEXT_SLOTS;
  private static final int SLOTS_MAX = 65534;
  private static final int RING_BLOCKS_FOR_MOST_SLOTS = 72;
  private static final int PAGES_PER_WRITE = 64;

  private MetadataLayout layout;
  private final LocalDisk disk;
  private final MetadataQueue queue;
  private final OptionValues options;
  private final boolean logs;
  private final MetadataQueue.FailureListener listener;
  private Superblock superblock;
  private SyncBitmap bitmap;
  private ActivityLog activity;
  private boolean bitmapComplete;
  private boolean superblockQueued;

  /// Activity log and bitmap are not yet where the superblock says.
  private boolean isMoving;

  private int superblocksPending;
  private long activityWrites;
  private long bitmapWrites;

  Backing(
      int volume,
      Turn turn,
      MetadataImage image,
      OptionValues options,
      MetadataQueue.FailureListener listener) {
    this.layout = image.layout();
    this.superblock = image.superblock();
    this.bitmap = image.bitmap();
    this.options = options;
    this.logs = options.flag(Option.AL_UPDATES);
    this.listener = listener;
    this.disk = new LocalDisk(volume, turn);
    this.queue = new MetadataQueue(disk, () -> options.flag(Option.MD_FLUSHES), listener);
    this.activity = new ActivityLog(slots(), 0);
  }

  private int slots() {
    long most = mostSlots(layout.alBlocks());
    long wanted = options.num(Option.AL_EXTENTS);
    return (int) Math.max(ActivityLog.UPDATES_MAX, Math.min(Math.min(most, wanted), SLOTS_MAX));
  }

  private static long mostSlots(int ring) {
    return ring > RING_BLOCKS_FOR_MOST_SLOTS ? SLOTS_MAX : (long) (ring - 1) * SLOTS_PER_RING_BLOCK;
  }

  public LocalDisk disk() {
    return disk;
  }

  public MetadataLayout layout() {
    return layout;
  }

  public SyncBitmap bitmap() {
    return bitmap;
  }

  public ActivityLog activity() {
    return activity;
  }

  public Superblock superblock() {
    return superblock;
  }

  public GenerationUuids uuids() {
    return superblock.uuids();
  }

  public long activityWrites() {
    return activityWrites;
  }

  public long bitmapWrites() {
    return bitmapWrites;
  }

  /// Sectors of the disk that are usable for data.
  public long usableSectors() {
    return layout.usableSectors();
  }

  /// No operation of any kind is under way.
  public boolean isIdle() {
    return disk.pending() == 0 && queue.isIdle();
  }

  // ---- superblock

  public void setUuids(GenerationUuids uuids) {
    if (!uuids.equals(superblock.uuids())) {
      superblock = superblock.withUuids(uuids);
      writeSuperblock();
    }
  }

  public void setFlags(int flags) {
    if (flags != superblock.flags()) {
      superblock = superblock.withFlags(flags);
      writeSuperblock();
    }
  }

  /// As [#setUuids] and [#setFlags] without writing: the caller does.
  public void replace(Superblock next) {
    superblock = next;
  }

  /// What the peer takes in one request, bytes; on disk with the next change of the superblock.
  public void keepPeerMaxBio(int bytes) {
    superblock = superblock.withPeerMaxBioBytes(bytes);
  }

  /// Brings the superblock as it is to disk.
  public void writeSuperblock() {
    if (!superblockQueued) {
      superblockQueued = true;
      superblocksPending++;
      queue.write(this::superblockRegion, _ -> superblocksPending--);
    }
  }

  /// Is the superblock on its way to disk? What it says (this node is Primary, a new generation
  /// began, the disk is Inconsistent) must be durable before data changes that rests on it.
  public boolean isSuperblockPending() {
    return superblocksPending > 0;
  }

  private List<Effect.Region> superblockRegion() {
    superblockQueued = false;
    Superblock written = isMoving ? LayoutChange.unsettled(superblock) : superblock;
    return List.of(new Effect.Region(layout.superblockOffsetBytes(), written.encode()));
  }

  /// Calls back when all metadata changes made so far are durable.
  public void settle(MetadataQueue.Then then) {
    queue.settle(then);
  }

  // ---- bitmap

  /// Marks blocks; how many were in sync before.
  public long markOutOfSync(Extent extent) {
    return bitmap.setSectors(extent.sector(), extent.sizeSectors());
  }

  /// Clears blocks whose content is on both disks; how many were out of sync.
  public long markInSync(Extent extent) {
    return bitmap.clearSectors(extent.sector(), extent.sizeSectors());
  }

  public void markAll() {
    bitmap.setAll();
    bitmapComplete = true;
  }

  public void clearAll() {
    bitmap.clearAll();
  }

  /// Flushes the data area and then makes every dirty page durable.
  public void writeBitmap(MetadataQueue.Then then) {
    List<Integer> dirty = new ArrayList<>();
    for (int page = bitmap.nextDirtyPage(0); page >= 0; page = bitmap.nextDirtyPage(page + 1)) {
      dirty.add(page);
    }
    while (dirty.size() > PAGES_PER_WRITE) {
      writePages(List.copyOf(dirty.subList(0, PAGES_PER_WRITE)), _ -> {});
      dirty.subList(0, PAGES_PER_WRITE).clear();
    }
    writePages(dirty, then);
  }

  private void writePages(List<Integer> pages, MetadataQueue.Then then) {
    List<Integer> taken = new ArrayList<>();
    queue.writeAfterFlush(() -> snapshot(pages, taken), then, () -> giveBack(taken));
  }

  private List<Effect.Region> snapshot(List<Integer> pages, List<Integer> taken) {
    List<Effect.Region> regions = new ArrayList<>();
    for (int page : pages) {
      if (page < bitmap.pages() && bitmap.isPageDirty(page)) {
        long offset = layout.bitmapOffsetBytes() + (long) page * SyncBitmap.PAGE_BYTES;
        regions.add(new Effect.Region(offset, bitmap.pageBytes(page)));
        bitmap.markClean(page);
        taken.add(page);
      }
    }
    bitmapWrites += regions.size();
    return regions;
  }

  private void giveBack(List<Integer> taken) {
    for (int page : taken) {
      bitmap.markDirty(page);
    }
  }

  /// The device has another size from now on; new blocks count as out of sync unless told not to.
  /// Bitmap and superblock are written.
  void resize(long sectors, boolean newBlocksOutOfSync) {
    bitmap = bitmap.resized(sectors, newBlocksOutOfSync);
    superblock = superblock.withLastAgreedSectors(sectors);
    writeBitmap(_ -> {});
    writeSuperblock();
  }

  // ---- another layout

  /// Whether the activity log as it is configured has room in that ring.
  public boolean fitsRing(MetadataLayout next) {
    return activity.statistics().slots() <= mostSlots(next.alBlocks());
  }

  /// Another size of the disk for which the metadata stays where it is.
  public void extend(MetadataLayout next) {
    layout = next;
  }

  /// The metadata lies elsewhere from now on and is for a device of that size; nothing is written
  /// yet. For a disk on which nothing is under way.
  void adopt(MetadataLayout next, long sectors, boolean newBlocksOutOfSync) {
    isMoving = true;
    layout = next;
    bitmap = bitmap.resized(sectors, newBlocksOutOfSync);
    superblock = superblock.withLastAgreedSectors(sectors).withLayout(next);
  }

  /// Writes activity log and bitmap, whole, and then the superblock that says so.
  void writeMoved(MetadataQueue.Then then) {
    List<Effect.Region> regions = new ArrayList<>();
    for (ActivityLog.Transaction block : activity.refill(layout.alBlocks())) {
      regions.add(alRegion(block));
    }
    activityWrites += regions.size();
    queue.write(() -> regions, _ -> {});
    writeBitmap(_ -> {});
    queue.settle(ok -> {
      isMoving = !ok;
      writeSuperblock();
      queue.settle(then);
    });
  }

  /// The disk is of no use any more.
  void fail(String cause) {
    listener.metadataFailed(cause);
  }

  // ---- activity log

  /// Fills the ring with the log as it is; done when durable.
  public void initialiseActivityLog(MetadataQueue.Then then) {
    List<Effect.Region> regions = new ArrayList<>();
    for (ActivityLog.Transaction block : activity.initialise(layout.alBlocks())) {
      regions.add(alRegion(block));
    }
    activityWrites += regions.size();
    queue.write(() -> regions, then);
  }

  /// Whether the activity log is brought to disk: `al-updates` as it was at the attach. Without it
  /// the superblock says so, and after a crash of a Primary all is copied.
  public boolean logs() {
    return logs;
  }

  /// Brings a transaction to disk, and before it what its evictions need.
  public void writeTransaction(ActivityLog.Transaction transaction, MetadataQueue.Then then) {
    if (!logs) {
      then.ended(true);
      return;
    }
    if (transaction.evicts()) {
      List<Integer> pages = new ArrayList<>();
      for (long page : transaction.bitmapPages()) {
        pages.add((int) page);
      }
      writePages(pages, _ -> {});
    }
    activityWrites++;
    queue.write(() -> List.of(alRegion(transaction)), then);
  }

  private Effect.Region alRegion(ActivityLog.Transaction transaction) {
    int index = (int) (transaction.number() % layout.alBlocks());
    return new Effect.Region(layout.alBlockOffsetBytes(index), transaction.block());
  }

  /// Leaves the metadata as a clean tool would: an empty log, all bits written, magic "clean". For
  /// a disk that no write is under way to. The indicator of a Primary stays.
  public void writeClean(MetadataQueue.Then then) {
    activity = new ActivityLog(slots(), activity.nextNumber());
    writeBitmap(_ -> {});
    initialiseActivityLog(_ -> {});
    superblock = superblock.withFlags(superblock.flags() | MetadataFlags.AL_CLEAN).withClean(true);
    writeSuperblock();
    queue.settle(then);
  }

  /// Whether the bitmap names every block in which this disk may be older than the peer's: since it
  /// was UpToDate, or merged with the peer's bitmap.
  public void setBitmapComplete(boolean complete) {
    bitmapComplete = complete;
  }

  /// Whether data of this disk may be read for an extent: it is good, or known to be good there.
  public boolean isReadable(DiskState state, Extent extent) {
    return state == DiskState.UP_TO_DATE
        || (state.isAtLeast(DiskState.INCONSISTENT)
            && bitmapComplete
            && !bitmap.anySetInSectors(extent.sector(), extent.sizeSectors()));
  }
}
