package org.twincore.admin;

import java.util.List;

/// One resource as a tool sees it. State names are spelled as /proc/drbd spells them.
///
/// `protocol` is a letter, or empty without network configuration. `localAddress` and `peerAddress`
/// are empty before `connect`. `waits` says in words what the resource waits for.
public record ResourceView(
    String name,
    String connection,
    String protocol,
    int agreedVersion,
    String writeOrdering,
    int epochs,
    String localAddress,
    String peerAddress,
    String peerName,
    List<VolumeView> volumes,
    List<String> waits) {

  public ResourceView {
    volumes = List.copyOf(volumes);
    waits = List.copyOf(waits);
  }

  /// One volume. `disk` of [Paths] is empty while diskless. `uuids` are current, bitmap and two
  /// histories as 16 hex digits each, none while diskless; `metadataFlags` is the superblock's
  /// flags word.
  public record VolumeView(
      int volume,
      int minor,
      String role,
      String peerRole,
      String connection,
      String disk,
      String peerDisk,
      Suspension suspension,
      long sizeSectors,
      long outOfSyncBlocks,
      List<String> uuids,
      int metadataFlags,
      int openers,
      boolean activityLogSuspended,
      Paths paths,
      CountersView counters,
      List<ProgressView> progress) {

    public VolumeView {
      uuids = List.copyOf(uuids);
      progress = List.copyOf(progress);
    }
  }

  /// Why I/O or resync stands still.
  public record Suspension(
      boolean user,
      boolean noData,
      boolean fencing,
      boolean resyncAfter,
      boolean resyncPeer,
      boolean resyncUser) {}

  /// The backing disk, its metadata disk, and the metadata's place there.
  public record Paths(String disk, String metaDisk, String metaIndex) {
    public static final Paths NONE = new Paths("", "", "");
  }

  /// The counters of /proc/drbd: the first four in sectors, the others plain counts.
  public record CountersView(
      long sentSectors,
      long receivedSectors,
      long diskWrittenSectors,
      long diskReadSectors,
      long activityLogWrites,
      long bitmapWrites,
      long localPending,
      long peerPending,
      long unacked,
      long applicationPending) {}

  /// A running resync or verify: blocks of 4 KiB, times as milliseconds back from now.
  public record ProgressView(
      long totalBlocks,
      long leftBlocks,
      long failedBlocks,
      long sinceStartMillis,
      long pausedMillis,
      long sinceMarkMillis,
      long markLeftBlocks,
      long wantKibPerSecond,
      long positionSectors) {}
}
