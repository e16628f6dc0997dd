package org.twincore.drbd.engine.state;

import org.twincore.drbd.wire.Since;

/// How many bytes one write, read or resync request may have, so that the peer can take it and can
/// say it in one packet (`drbd_reconsider_queue_parameters`, `drbd_send_sizes`).
///
/// | agreed | bytes |
/// |---|---|
/// | 86 to 93 | what the peer's P_SIZES says, at most 32 KiB |
/// | 94 | 32 KiB |
/// | 95 to 99 | 128 KiB |
/// | 100 and up | 1 MiB |
///
/// What the last connection agreed on counts until the next one, so that little that waits for a
/// peer is too long for it.
public record RequestLimits(int bytesMax) {
  private static final int SHORT_HEADER_BYTES = 32 << 10;
  private static final int LONG_HEADER_BYTES = 128 << 10;
  private static final int VOLUME_HEADER_BYTES = 1 << 20;

  /// Every disk takes that.
  private static final int PAGE_BYTES = 4096;

  /// The limits beside the present, or if there is none the last, peer of a device.
  public static RequestLimits of(Device device, Peering peering) {
    int most = ofVersion(peering);
    if (peering.has(Since.SPLIT_REQUESTS)) {
      return new RequestLimits(most);
    }
    int pages = device.peerBioBytes() / PAGE_BYTES;
    return new RequestLimits(Math.max(PAGE_BYTES, Math.min(pages * PAGE_BYTES, most)));
  }

  /// What the superblock keeps of a peer whose P_SIZES says `saidBytes`: what its DRBD takes,
  /// whatever its disk takes, where it can split a request.
  public static int kept(int saidBytes, Peering peering) {
    int disks = Math.max(PAGE_BYTES, saidBytes);
    return peering.has(Since.SPLIT_REQUESTS) ? Math.max(disks, ofVersion(peering)) : disks;
  }

  /// What the superblock keeps before any peer was met.
  public static int kept(int foundBytes) {
    return Math.max(PAGE_BYTES, foundBytes);
  }

  /// What the version allows, whatever the peer's disk takes: this node's own limit in P_SIZES.
  public static int ofVersion(Peering peering) {
    if (peering.has(Since.VOLUMES)) {
      return VOLUME_HEADER_BYTES;
    }
    return peering.has(Since.LONG_HEADER) ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
  }
}
