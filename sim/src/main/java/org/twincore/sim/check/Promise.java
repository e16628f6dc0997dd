package org.twincore.sim.check;

import org.twincore.drbd.ReplicationProtocol;

/// Which rows of `docs/durability.md` hold in a run: by the protocol, and by whether flushes of
/// data and of metadata reach the drives.
public record Promise(
    ReplicationProtocol protocol, boolean dataIsFlushed, boolean metadataIsFlushed) {

  /// Does a write answered while both replicas are UpToDate have to be in both caches?
  public boolean writesAreOnBoth() {
    return protocol == ReplicationProtocol.C;
  }

  /// Does an answered flush concern the peer's stable storage too?
  public boolean flushesReachPeer() {
    return protocol == ReplicationProtocol.C && dataIsFlushed;
  }

  /// May a power cut cost nothing that was flushed?
  public boolean survivesPowerCut() {
    return dataIsFlushed && metadataIsFlushed;
  }
}
