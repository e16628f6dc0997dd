package org.twincore.daemon.report;

import static org.twincore.daemon.report.ResourceFields.news;

import java.util.List;
import java.util.Optional;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// What an events2 line tells of a device and of its peer device; starts with a blank.
///
/// In a `change` line, states and yes-or-no figures stand only if they changed, counts always.
record VolumeFields(VolumeStatus volume, boolean statistics) {

  String device() {
    return disk() + figures(DeviceFigures.items(volume, DeviceFigures.Detail.ALL));
  }

  String peerDevice() {
    return replication() + peerDisk() + resync() + peerFigures();
  }

  /// The fields that differ from `was`; empty if none does.
  Optional<String> deviceSince(VolumeFields was) {
    if (disk().equals(was.disk())) {
      return Optional.empty();
    }
    List<String> all = DeviceFigures.items(volume, DeviceFigures.Detail.ALL);
    List<String> counts = all.subList(0, all.size() - 2);
    String claims =
        news(claim(DeviceFigures.activityLog(volume)), claim(DeviceFigures.activityLog(was.volume)))
            + news(claim(DeviceFigures.blocked(volume)), claim(DeviceFigures.blocked(was.volume)));
    return Optional.of(disk() + figures(counts) + claims);
  }

  Optional<String> peerDeviceSince(VolumeFields was) {
    String states =
        news(replication(), was.replication())
            + news(peerDisk(), was.peerDisk())
            + news(resync(), was.resync());
    return states.isEmpty() ? Optional.empty() : Optional.of(states + peerFigures());
  }

  private String disk() {
    return " disk:" + volume.state().disk();
  }

  private String replication() {
    return " replication:" + StateWords.replication(volume.state().conn());
  }

  private String peerDisk() {
    return " peer-disk:" + volume.state().pdsk();
  }

  private String resync() {
    return " resync-suspended:" + StateWords.resyncSuspended(volume.state());
  }

  private String peerFigures() {
    return figures(DeviceFigures.peerItems(volume, true));
  }

  private String figures(List<String> items) {
    return statistics ? items.stream().map(item -> " " + item).reduce("", String::concat) : "";
  }

  private String claim(String item) {
    return statistics ? " " + item : "";
  }
}
