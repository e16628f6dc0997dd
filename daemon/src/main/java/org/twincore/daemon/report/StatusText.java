package org.twincore.daemon.report;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.daemon.report.Palette.Side;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// The text of `drbdsetup status`, with `--verbose`, `--statistics` and colours.
///
/// A resource is a line, its volumes and its peer are indented below, and an empty line follows.
/// Sizes are in KiB. A line ends before column 81.
public final class StatusText {
  private static final int COLUMNS = 80;
  private static final int RESOURCE_INDENT = 4;
  private static final int ENTRY_INDENT = 2;
  private static final int DEVICE_INDENT = 6;
  private static final int PEER_DEVICE_INDENT = 4;
  private static final int PEER_DETAIL_INDENT = 8;

  private final boolean verbose;
  private final boolean statistics;
  private final Palette palette;
  private final WrappedText out = new WrappedText(COLUMNS);

  private StatusText(Set<ReportOption> options) {
    verbose = options.contains(ReportOption.VERBOSE);
    statistics = options.contains(ReportOption.STATISTICS);
    palette = options.contains(ReportOption.COLOR) ? Palette.TERMINAL : Palette.NONE;
  }

  /// The resources by name; empty without any.
  public static String render(List<ReportedResource> resources, Set<ReportOption> options) {
    StatusText text = new StatusText(options);
    resources.stream().sorted(Comparator.comparing(ReportedResource::name)).forEach(text::resource);
    return text.out.toString();
  }

  private void resource(ReportedResource resource) {
    out.add(0, resource.name());
    out.add(RESOURCE_INDENT, " role:" + palette.role(resource.role(), Side.OURS));
    if (verbose || resource.isSuspended()) {
      out.add(RESOURCE_INDENT, " suspended:" + resource.suspended());
    }
    if (verbose && statistics) {
      out.endLine();
      String ordering = StateWords.writeOrdering(resource.status().writeOrdering());
      out.add(RESOURCE_INDENT, " write-ordering:" + ordering);
    }
    out.endLine();
    List<VolumeStatus> volumes = resource.volumes();
    boolean nameless = !verbose && volumes.size() == 1 && volumes.getFirst().volume() == 0;
    volumes.forEach(volume -> device(volume, nameless));
    if (resource.hasPeer()) {
      connection(resource);
      if (resource.isConnected() || verbose || statistics) {
        volumes.forEach(volume -> peerDevice(volume, nameless));
      }
    }
    out.emptyLine();
  }

  private void device(VolumeStatus volume, boolean nameless) {
    if (!nameless) {
      out.add(ENTRY_INDENT, "volume:" + volume.volume());
    }
    if (verbose) {
      out.add(DEVICE_INDENT, " minor:" + volume.minor());
    }
    String disk = palette.disk(volume.state().disk(), Side.OURS);
    out.add(nameless ? ENTRY_INDENT : DEVICE_INDENT, " disk:" + disk);
    if (statistics) {
      out.endLine();
    }
    for (String item : DeviceFigures.items(volume, detail())) {
      out.add(DEVICE_INDENT, " " + item);
    }
    out.endLine();
  }

  private DeviceFigures.Detail detail() {
    if (statistics) {
      return verbose ? DeviceFigures.Detail.ALL : DeviceFigures.Detail.TRAFFIC;
    }
    return verbose ? DeviceFigures.Detail.BLOCKED : DeviceFigures.Detail.TROUBLE;
  }

  private void connection(ReportedResource resource) {
    out.add(ENTRY_INDENT, "peer");
    if (verbose || !resource.isConnected()) {
      out.add(DEVICE_INDENT, " connection:" + palette.connection(resource.connection()));
    }
    if (verbose || resource.isConnected()) {
      out.add(DEVICE_INDENT, " role:" + palette.role(resource.peerRole(), Side.PEERS));
    }
    if (verbose || resource.isCongested()) {
      out.add(DEVICE_INDENT, " congested:" + StateWords.yesOrNo(resource.isCongested()));
    }
    out.endLine();
  }

  private void peerDevice(VolumeStatus volume, boolean nameless) {
    StateWord state = volume.state();
    int indent = PEER_DEVICE_INDENT;
    if (!nameless) {
      out.add(indent, "volume:" + volume.volume());
      indent = PEER_DETAIL_INDENT;
    }
    if (verbose || state.conn().isAtLeast(ConnectionState.CONNECTED)) {
      out.add(indent, " replication:" + palette.replication(state.conn()));
      indent = PEER_DETAIL_INDENT;
    }
    boolean unsaid =
        state.conn() == ConnectionState.WF_REPORT_PARAMS && state.pdsk() == DiskState.D_UNKNOWN;
    if (verbose || !unsaid) {
      out.add(indent, " peer-disk:" + palette.disk(state.pdsk(), Side.PEERS));
    }
    if (isSyncing(state.conn())) {
      out.add(PEER_DETAIL_INDENT, " done:" + inSync(volume));
    }
    if (verbose || state.isResyncPaused()) {
      out.add(PEER_DETAIL_INDENT, " resync-suspended:" + StateWords.resyncSuspended(state));
    }
    out.endLine();
    if (statistics) {
      for (String item : DeviceFigures.peerItems(volume, verbose)) {
        out.add(PEER_DETAIL_INDENT, " " + item);
      }
      out.endLine();
    }
  }

  private static boolean isSyncing(ConnectionState state) {
    return state.isAtLeast(ConnectionState.SYNC_SOURCE) && !state.isAtLeast(ConnectionState.AHEAD);
  }

  private static String inSync(VolumeStatus volume) {
    return Figures.percent(volume.outOfSyncBlocks() * Figures.BLOCK_SECTORS, volume.sizeSectors());
  }
}
