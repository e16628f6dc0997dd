package org.twincore.daemon.report;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The `key:value` figures of a volume and of its peer, shared by status and events2; in KiB.
final class DeviceFigures {
  private DeviceFigures() {}

  /// How much of a device is told.
  enum Detail {
    /// Only that it is blocked.
    TROUBLE,
    /// Whether it is blocked.
    BLOCKED,
    /// What was read and written, and that it is blocked.
    TRAFFIC,
    ALL
  }

  static List<String> items(VolumeStatus volume, Detail detail) {
    Counters counters = volume.counters();
    List<String> items = new ArrayList<>();
    if (detail == Detail.ALL) {
      items.add("size:" + Figures.kib(volume.sizeSectors()));
    }
    if (detail == Detail.ALL || detail == Detail.TRAFFIC) {
      items.add("read:" + Figures.kib(counters.diskReadSectors()));
      items.add("written:" + Figures.kib(counters.diskWrittenSectors()));
    }
    if (detail == Detail.ALL) {
      items.add("al-writes:" + counters.activityLogWrites());
      items.add("bm-writes:" + counters.bitmapWrites());
      items.add("upper-pending:" + counters.applicationPending());
      items.add("lower-pending:" + counters.localPending());
      items.add(activityLog(volume));
    }
    String blocked = blocked(volume);
    boolean told = detail == Detail.ALL || detail == Detail.BLOCKED;
    if (told || !blocked.equals("blocked:no")) {
      items.add(blocked);
    }
    return items;
  }

  static String activityLog(VolumeStatus volume) {
    return "al-suspended:" + StateWords.yesOrNo(volume.activityLogSuspended());
  }

  static String blocked(VolumeStatus volume) {
    return "blocked:" + StateWords.blocked(volume.state(), volume.load().diskCongested());
  }

  static List<String> peerItems(VolumeStatus volume, boolean all) {
    Counters counters = volume.counters();
    List<String> items = new ArrayList<>();
    items.add("received:" + Figures.kib(counters.receivedSectors()));
    items.add("sent:" + Figures.kib(counters.sentSectors()));
    if (all || volume.outOfSyncBlocks() > 0) {
      items.add("out-of-sync:" + volume.outOfSyncBlocks() * Figures.BLOCK_KIB);
    }
    if (all) {
      items.add("pending:" + counters.peerPending());
      items.add("unacked:" + counters.unacked());
    }
    return items;
  }
}
