package org.twincore.daemon;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.twincore.admin.ResourceView;
import org.twincore.admin.ResourceView.CountersView;
import org.twincore.admin.ResourceView.Paths;
import org.twincore.admin.ResourceView.ProgressView;
import org.twincore.admin.ResourceView.Suspension;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// The engine's snapshots as the admin protocol tells them.
final class ResourceViews {
  private ResourceViews() {}

  static ResourceView of(ResourceNode node, long nowNanos) {
    ReportedResource reported = node.reported();
    ResourceStatus status = reported.status();
    return new ResourceView(
        status.name(),
        status.connection().toString(),
        status.protocol().map(Enum::name).orElse(""),
        status.agreedVersion(),
        String.valueOf(status.writeOrdering()),
        status.epochs(),
        reported.network().localAddress(),
        reported.network().peerAddress(),
        reported.network().peerName(),
        status.volumes().stream()
            .map(volume -> volume(volume, node.volume(volume.volume()), nowNanos))
            .toList(),
        status.waits());
  }

  private static VolumeView volume(VolumeStatus status, Optional<VolumeNode> node, long nowNanos) {
    StateWord state = status.state();
    boolean isDiskless = state.disk() == DiskState.DISKLESS;
    return new VolumeView(
        status.volume(),
        status.minor(),
        state.role().toString(),
        state.peer().toString(),
        state.conn().toString(),
        state.disk().toString(),
        state.pdsk().toString(),
        new Suspension(
            state.susp(),
            state.suspNod(),
            state.suspFen(),
            state.aftrIsp(),
            state.peerIsp(),
            state.userIsp()),
        status.sizeSectors(),
        status.outOfSyncBlocks(),
        status.uuids().map(ResourceViews::uuids).orElse(List.of()),
        status.metadataFlags(),
        status.openers(),
        status.activityLogSuspended(),
        isDiskless ? Paths.NONE : node.flatMap(VolumeNode::paths).orElse(Paths.NONE),
        counters(status.counters()),
        status.progress().map(progress -> progress(progress, nowNanos)).stream().toList());
  }

  private static List<String> uuids(GenerationUuids uuids) {
    HexFormat hex = HexFormat.of().withUpperCase();
    return List.of(
        hex.toHexDigits(uuids.current()),
        hex.toHexDigits(uuids.bitmap()),
        hex.toHexDigits(uuids.history0()),
        hex.toHexDigits(uuids.history1()));
  }

  private static CountersView counters(Counters counters) {
    return new CountersView(
        counters.sentSectors(),
        counters.receivedSectors(),
        counters.diskWrittenSectors(),
        counters.diskReadSectors(),
        counters.activityLogWrites(),
        counters.bitmapWrites(),
        counters.localPending(),
        counters.peerPending(),
        counters.unacked(),
        counters.applicationPending());
  }

  private static ProgressView progress(Progress progress, long nowNanos) {
    return new ProgressView(
        progress.totalBlocks(),
        progress.leftBlocks(),
        progress.failedBlocks(),
        TimeUnit.NANOSECONDS.toMillis(nowNanos - progress.startedNanos()),
        TimeUnit.NANOSECONDS.toMillis(progress.pausedNanos()),
        TimeUnit.NANOSECONDS.toMillis(nowNanos - progress.recentNanos()),
        progress.recentLeftBlocks(),
        progress.wantKibPerSecond(),
        progress.positionSectors());
  }
}
