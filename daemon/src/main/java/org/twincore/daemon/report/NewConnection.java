package org.twincore.daemon.report;

import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// A resource as it was the moment its connection was made: nothing known of the peer yet.
final class NewConnection {
  private NewConnection() {}

  static ReportedResource of(ReportedResource resource) {
    ResourceStatus status = resource.status();
    List<VolumeStatus> volumes = status.volumes().stream().map(NewConnection::withoutPeer).toList();
    ResourceStatus alone =
        new ResourceStatus(
            status.name(),
            ConnectionState.STAND_ALONE,
            status.protocol(),
            status.agreedVersion(),
            status.writeOrdering(),
            status.epochs(),
            volumes,
            status.waits());
    return new ReportedResource(alone, resource.network());
  }

  private static VolumeStatus withoutPeer(VolumeStatus volume) {
    return new VolumeStatus(
        volume.volume(),
        volume.minor(),
        volume
            .state()
            .withConn(ConnectionState.STAND_ALONE)
            .withPeer(Role.UNKNOWN)
            .withPdsk(DiskState.D_UNKNOWN),
        volume.sizeSectors(),
        volume.outOfSyncBlocks(),
        volume.uuids(),
        volume.metadataFlags(),
        volume.openers(),
        volume.activityLogSuspended(),
        volume.counters(),
        volume.load(),
        volume.progress());
  }
}
