package org.twincore.drbd.engine;

import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.MetadataFlagsRule;
import org.twincore.drbd.meta.MetadataFlags;

/// The mark of a Primary in the superblock, by which a crash of one is found out: set with the
/// role, and taken off only when nothing needs the activity log any more.
final class PrimaryMark {
  private final Parts parts;

  PrimaryMark(Parts parts) {
    this.parts = parts;
  }

  /// The superblock's flags follow a new state; the mark stays as it is on disk.
  void stateChanged(Device device) {
    device.disk().setFlags(flags(device) | indicator(device));
  }

  private static int flags(Device device) {
    return MetadataFlagsRule.flags(
        device.disk().superblock().flags(), device.state(), device.crashedPrimary());
  }

  /// The mark of a Primary as it is on disk: it goes only by [#drop].
  private static int indicator(Device device) {
    return device.disk().superblock().flags() & MetadataFlags.PRIMARY_INDICATOR;
  }

  /// At the end of each step: a node that is no Primary any more takes the mark of one off its
  /// disk.
  ///
  /// Without the mark nobody will apply the activity log after a crash. So no write may need the
  /// log any more, and what is marked out of sync must be durable before.
  void maintain() {
    for (Volume volume : parts.all()) {
      if (isFalselyKept(volume) && !volume.droppingIndicator) {
        volume.droppingIndicator = true;
        Backing backing = volume.device.disk();
        backing.writeBitmap(_ -> drop(volume, backing));
      }
    }
  }

  private static boolean isFalselyKept(Volume volume) {
    Device device = volume.device;
    return device.hasUsableDisk()
        && indicator(device) != 0
        && (flags(device) & MetadataFlags.PRIMARY_INDICATOR) == 0
        && device.disk().activity().isIdle();
  }

  private static void drop(Volume volume, Backing written) {
    if (volume.device.backing() != written) {
      return;
    }
    volume.droppingIndicator = false;
    if (isFalselyKept(volume)) {
      volume.device.disk().setFlags(flags(volume.device));
    }
  }
}
