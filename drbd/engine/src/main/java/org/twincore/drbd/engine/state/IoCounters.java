package org.twincore.drbd.engine.state;

/// The counters of one volume that /proc/drbd shows: sectors first, then what is under way.
public final class IoCounters {
  private long sentSectors;
  private long receivedSectors;
  private long writtenSectors;
  private long readSectors;
  private long resyncSectors;
  private int peerPending;
  private int unacked;
  private int applicationPending;

  public void sent(long sectors) {
    sentSectors += sectors;
  }

  public void received(long sectors) {
    receivedSectors += sectors;
  }

  public void written(long sectors) {
    writtenSectors += sectors;
  }

  public void read(long sectors) {
    readSectors += sectors;
  }

  /// Requests sent to the peer without answer: one more (+1) or less (-1).
  public void peerPending(int change) {
    peerPending += change;
  }

  /// Requests of the peer without our answer.
  public void unacked(int change) {
    unacked += change;
  }

  /// Requests of applications without our answer.
  public void applicationPending(int change) {
    applicationPending += change;
  }

  /// Read or written for a resync; counted there too.
  public void resynced(long sectors) {
    resyncSectors += sectors;
  }

  /// Read and written on the own disk for anybody but a resync.
  public long otherSectors() {
    return readSectors + writtenSectors - resyncSectors;
  }

  public long sentSectors() {
    return sentSectors;
  }

  public long receivedSectors() {
    return receivedSectors;
  }

  public long writtenSectors() {
    return writtenSectors;
  }

  public long readSectors() {
    return readSectors;
  }

  public int peerPending() {
    return peerPending;
  }

  public int unacked() {
    return unacked;
  }

  public int applicationPending() {
    return applicationPending;
  }

  /// The connection is gone: nobody answers or is answered any more.
  public void connectionLost() {
    peerPending = 0;
    unacked = 0;
  }
}
