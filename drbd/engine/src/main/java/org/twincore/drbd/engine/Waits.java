package org.twincore.drbd.engine;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.wire.StateWord;

/// Says in words what a resource waits for, for admins.
final class Waits {
  private Waits() {}

  static List<String> of(Parts parts, PeerLink link) {
    List<String> waits = new ArrayList<>();
    switch (link.conn()) {
      case WF_CONNECTION -> waits.add("the peer: neither side reached the other yet");
      case UNCONNECTED -> waits.add("a moment before the peer is looked for again");
      case WF_REPORT_PARAMS -> waits.add("the peer's parameters and states");
      default -> {}
    }
    for (Volume volume : parts.all()) {
      volume(volume, waits);
    }
    return waits;
  }

  private static void volume(Volume volume, List<String> waits) {
    String name = "volume " + volume.number() + ": ";
    StateWord state = volume.device.state();
    if (state.susp()) {
      waits.add(name + "resume-io, since an admin suspended I/O");
    }
    if (state.suspNod()) {
      waits.add(name + "a disk with UpToDate data");
    }
    if (state.suspFen()) {
      waits.add(name + "fencing of the peer");
    }
    switch (state.conn()) {
      case WF_BITMAP_T, WF_SYNC_UUID ->
          waits.add(name + "the peer's bitmap, to know what is old here; I/O is held");
      case SYNC_TARGET ->
          waits.add(name + volume.device.outOfSyncBlocks() * 4 + " KiB from the peer");
      case SYNC_SOURCE ->
          waits.add(name + "the peer to fetch " + volume.device.outOfSyncBlocks() * 4 + " KiB");
      case AHEAD -> waits.add(name + "the network, to let the peer catch up");
      case BEHIND -> waits.add(name + "the peer, which has pulled ahead, to begin a resync");
      case PAUSED_SYNC_S, PAUSED_SYNC_T -> waits.add(name + "the end of a pause of the resync");
      default -> {}
    }
    Backing backing = volume.device.backing();
    if (backing != null && backing.activity().hasWaiters()) {
      waits.add(name + "room in the activity log");
    }
  }
}
