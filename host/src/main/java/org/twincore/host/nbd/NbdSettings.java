package org.twincore.host.nbd;

import org.twincore.nbd.ExportInfo;

/// The limits of a listener.
///
/// @param connectionsMax connections at once over the network, and as many over Unix sockets; more
///   are closed right after accept
/// @param requestsMax requests of one connection that are not answered yet
/// @param bytesMax payload bytes of those, both directions; one request may exceed it alone
/// @param bytesTotalMax payload bytes of all connections together, above a small reserve of each
/// @param negotiationTimeoutMillis from accept until the export is open
/// @param payloadTimeoutMillis for the rest of a WRITE's payload once its client lets us wait
/// @param stallMillis how long a client may leave replies untaken while another one waits for the
///   room that they take; then it is cut
/// @param spinReads empty reads before a connection's thread goes to sleep: lower latency for CPU
///   time
public record NbdSettings(
    int connectionsMax,
    int requestsMax,
    long bytesMax,
    long bytesTotalMax,
    long negotiationTimeoutMillis,
    long payloadTimeoutMillis,
    long stallMillis,
    int spinReads) {

  private static final long TOTAL_LEAST_BYTES = 32L << 20;
  private static final long TOTAL_MOST_BYTES = 128L << 20;

  public NbdSettings {
    if (connectionsMax < 1
        || requestsMax < 1
        || bytesMax < 1
        || bytesTotalMax < ExportInfo.PAYLOAD_MAX_BYTES
        || negotiationTimeoutMillis < 1
        || payloadTimeoutMillis < 1
        || stallMillis < 1
        || spinReads < 0) {
      throw new IllegalArgumentException("settings of an NBD listener out of range");
    }
  }

  /// What all connections may hold is a quarter of the heap, within bounds.
  public static NbdSettings standard() {
    long quarterBytes = Runtime.getRuntime().maxMemory() / 4;
    long totalBytes = Math.clamp(quarterBytes, TOTAL_LEAST_BYTES, TOTAL_MOST_BYTES);
    return new NbdSettings(128, 256, 32L << 20, totalBytes, 10_000, 30_000, 5_000, 0);
  }
}
