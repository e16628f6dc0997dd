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
  /// word (metadata flags) are empty while diskless.
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

  /// A running resync or verify. Blocks are of 4 KiB, times in nanoseconds; `recent...` is the mark
  /// about 18 s back that /proc/drbd's speed uses.
  public record Progress(
      long totalBlocks,
      long leftBlocks,
      long failedBlocks,
      long startedNanos,
      long pausedNanos,
      long recentNanos,
      long recentLeftBlocks,
      long wantKibPerSecond,
      long positionSectors) {}
}
