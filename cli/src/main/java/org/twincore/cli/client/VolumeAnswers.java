package org.twincore.cli.client;

import java.util.ArrayList;
import java.util.List;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.drbd.meta.MetadataFlags;

/// What `role`, `cstate`, `dstate` and `get-gi` print for a volume of a running node.
public final class VolumeAnswers {
  private static final String DISKLESS = "Diskless";

  /// In the order of the generation identifiers' line.
  private static final List<Integer> FLAGS =
      List.of(
          MetadataFlags.CONSISTENT,
          MetadataFlags.WAS_UP_TO_DATE,
          MetadataFlags.PRIMARY_INDICATOR,
          MetadataFlags.CONNECTED_INDICATOR,
          MetadataFlags.FULL_SYNC,
          MetadataFlags.PEER_OUTDATED,
          MetadataFlags.CRASHED_PRIMARY);

  private VolumeAnswers() {}

  public static boolean isDiskless(VolumeView volume) {
    return volume.disk().equals(DISKLESS);
  }

  public static String role(VolumeView volume) {
    return isUnconfigured(volume) ? "Unconfigured" : volume.role() + "/" + volume.peerRole();
  }

  public static String connection(VolumeView volume) {
    return isUnconfigured(volume) ? "Unconfigured" : volume.connection();
  }

  public static String disks(VolumeView volume) {
    return isUnconfigured(volume) ? "Unconfigured" : volume.disk() + "/" + volume.peerDisk();
  }

  private static boolean isUnconfigured(VolumeView volume) {
    return volume.connection().equals("StandAlone")
        && isDiskless(volume)
        && volume.role().equals("Secondary");
  }

  /// `CURRENT:BITMAP:HISTORY:HISTORY:` and seven flags.
  public static String generations(VolumeView volume) {
    List<String> parts = new ArrayList<>(volume.uuids());
    for (int flag : FLAGS) {
      parts.add((volume.metadataFlags() & flag) == 0 ? "0" : "1");
    }
    return String.join(":", parts);
  }
}
