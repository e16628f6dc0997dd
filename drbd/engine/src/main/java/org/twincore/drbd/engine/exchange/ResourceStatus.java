package org.twincore.drbd.engine.exchange;

import java.util.List;
import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.wire.StateWord;

/// A snapshot of one resource for the tools; immutable.
///
/// `protocol` is empty without a network configuration; `writeOrdering` is `f`lush, `d`rain or
/// `n`one.
public record ResourceStatus(
    String name,
    ConnectionState connection,
    Optional<ReplicationProtocol> protocol,
    int agreedVersion,
    char writeOrdering,
    int epochs,
    List<VolumeStatus> volumes,
    List<String> waits) {

  public ResourceStatus {
    volumes = List.copyOf(volumes);
    waits = List.copyOf(waits);
  }

  /// One volume; sizes and `outOfSync` in sectors and 4 KiB blocks, as named. `uuids` and the flags
  /// word (metadata flags) are empty while diskless. What nobody measures is [Load#IDLE].
  public record VolumeStatus(
      int volume,
      int minor,
      StateWord state,
      long sizeSectors,
      long outOfSyncBlocks,
      Optional<GenerationUuids> uuids,
      int metadataFlags,
      int openers,
      boolean activityLogSuspended,
      Counters counters,
      Load load,
      Optional<Progress> progress) {}

  /// The counters of /proc/drbd: first five in sectors, then counts.
  public record Counters(
      long sentSectors,
      long receivedSectors,
      long diskWrittenSectors,
      long diskReadSectors,
      long activityLogWrites,
      long bitmapWrites,
      int localPending,
      int peerPending,
      int unacked,
      int applicationPending) {

    public static final Counters ZERO = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /// How busy a volume is beyond its counters: the two extent caches, requests that wait for the
  /// activity log, whether the backing disk or the way to the peer is congested, and what is on its
  /// way between the nodes.
  public record Load(
      ExtentCache resync,
      ExtentCache activityLog,
      int waitingForActivityLog,
      boolean diskCongested,
      boolean networkCongested,
      InFlight inFlight) {

    public static final Load IDLE =
        new Load(
            ExtentCache.ofSize(61), ExtentCache.ofSize(1237), 0, false, false, InFlight.NOTHING);

    public Load with(InFlight what) {
      return new Load(
          resync, activityLog, waitingForActivityLog, diskCongested, networkCongested, what);
    }
  }

  /// Sectors: of application writes that the peer has not said to be safe, and of a resync or
  /// verify that were asked for, here or by the peer, and have no answer yet.
  public record InFlight(long applicationSectors, long resyncSectors) {
    public static final InFlight NOTHING = new InFlight(0, 0);
  }

  /// An extent cache as /proc/drbd tells of it: slots in use and in all, then counts since it was
  /// made.
  public record ExtentCache(
      int used, int slots, long hits, long misses, long starving, long locked, long changed) {

    public static ExtentCache ofSize(int slots) {
      return new ExtentCache(0, slots, 0, 0, 0, 0, 0);
    }
  }

  /// A running resync or verify. Blocks are of 4 KiB, times in nanoseconds; `recent...` is the mark
  /// about 18 s back that /proc/drbd's speed uses, `last...` one 3 to 6 s back.
  public record Progress(
      long totalBlocks,
      long leftBlocks,
      long failedBlocks,
      long startedNanos,
      long pausedNanos,
      long recentNanos,
      long recentLeftBlocks,
      long lastNanos,
      long lastLeftBlocks,
      long wantKibPerSecond,
      long positionSectors,
      Course course) {}

  /// What a resync or verify is about: blocks that digests have shown to be equal, and for a verify
  /// the sectors that it compares, from the first to before the last.
  public record Course(long equalBlocks, long firstSector, long stopSector) {
    public static final Course WHOLE = new Course(0, 0, Long.MAX_VALUE);
  }
}
