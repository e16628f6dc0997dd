package org.twincore.daemon.report;

import java.util.Comparator;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// The text of `drbdsetup status --json`, in the shape that DRBD 9's tool gives it, so that
/// exporters and monitors read it.
///
/// DRBD 8.4's tool has no JSON. What only 9 knows has the value that fits two nodes: `quorum` is
/// true, `client` false.
public final class StatusJson {
  private final JsonLines out = new JsonLines();
  private final long nowNanos;

  private StatusJson(long nowNanos) {
    this.nowNanos = nowNanos;
  }

  /// An array with the resources by name; `nowNanos` is the resources' clock.
  public static String render(List<ReportedResource> resources, long nowNanos) {
    StatusJson json = new StatusJson(nowNanos);
    List<ReportedResource> byName =
        resources.stream().sorted(Comparator.comparing(ReportedResource::name)).toList();
    json.out.array("", byName, json::resource);
    return json.out.toString();
  }

  private void resource(ReportedResource resource) {
    StateWord any = suspension(resource);
    out.text("name", resource.name());
    out.raw("node-id", resource.network().nodeId());
    out.text("role", resource.role().toString());
    out.raw("suspended", resource.isSuspended());
    out.raw("suspended-user", any.susp());
    out.raw("suspended-no-data", any.suspNod());
    out.raw("suspended-fencing", any.suspFen());
    out.raw("suspended-quorum", false);
    out.raw("force-io-failures", false);
    out.text("write-ordering", StateWords.writeOrdering(resource.status().writeOrdering()));
    out.array("devices", resource.volumes(), this::device);
    List<ReportedResource> peers = resource.hasPeer() ? List.of(resource) : List.of();
    out.array("connections", peers, this::connection);
  }

  private static StateWord suspension(ReportedResource resource) {
    StateWord any = StateWord.INITIAL;
    for (VolumeStatus volume : resource.status().volumes()) {
      StateWord state = volume.state();
      any =
          any.withSusp(any.susp() || state.susp())
              .withSuspNod(any.suspNod() || state.suspNod())
              .withSuspFen(any.suspFen() || state.suspFen());
    }
    return any;
  }

  private void device(VolumeStatus volume) {
    Counters counters = volume.counters();
    out.raw("volume", volume.volume());
    out.raw("minor", volume.minor());
    out.text("disk-state", volume.state().disk().toString());
    out.raw("client", false);
    out.raw("quorum", true);
    out.raw("size", Figures.kib(volume.sizeSectors()));
    out.raw("read", Figures.kib(counters.diskReadSectors()));
    out.raw("written", Figures.kib(counters.diskWrittenSectors()));
    out.raw("al-writes", counters.activityLogWrites());
    out.raw("bm-writes", counters.bitmapWrites());
    out.raw("upper-pending", counters.applicationPending());
    out.raw("lower-pending", counters.localPending());
  }

  private void connection(ReportedResource resource) {
    out.raw("peer-node-id", 1 - resource.network().nodeId());
    out.text("name", resource.network().peerName());
    out.text("connection-state", StateWords.connection(resource.connection()));
    out.raw("congested", resource.isCongested());
    out.text("peer-role", resource.peerRole().toString());
    long application = 0;
    long resync = 0;
    for (VolumeStatus volume : resource.volumes()) {
      application += volume.load().inFlight().applicationSectors();
      resync += volume.load().inFlight().resyncSectors();
    }
    out.raw("ap-in-flight", application);
    out.raw("rs-in-flight", resync);
    out.array("peer_devices", resource.volumes(), this::peerDevice);
  }

  private void peerDevice(VolumeStatus volume) {
    StateWord state = volume.state();
    Counters counters = volume.counters();
    boolean verifies =
        state.conn() == ConnectionState.VERIFY_S || state.conn() == ConnectionState.VERIFY_T;
    boolean syncs = !verifies && volume.progress().isPresent();
    boolean checks = verifies && volume.progress().isPresent();
    out.raw("volume", volume.volume());
    out.text("replication-state", StateWords.replication(state.conn()));
    out.text("peer-disk-state", state.pdsk().toString());
    out.raw("peer-client", false);
    out.text("resync-suspended", StateWords.resyncSuspended(state));
    out.raw("received", Figures.kib(counters.receivedSectors()));
    out.raw("sent", Figures.kib(counters.sentSectors()));
    out.raw("out-of-sync", volume.outOfSyncBlocks() * Figures.BLOCK_KIB);
    out.raw("pending", counters.peerPending());
    out.raw("unacked", counters.unacked());
    out.raw("has-sync-details", syncs);
    out.raw("has-online-verify-details", checks);
    long outOfSyncSectors = volume.outOfSyncBlocks() * Figures.BLOCK_SECTORS;
    out.raw("percent-in-sync", Figures.percent(outOfSyncSectors, volume.sizeSectors()));
    volume.progress().ifPresent(progress -> progress(volume, progress, verifies));
  }

  private void progress(VolumeStatus volume, Progress progress, boolean verifies) {
    new ProgressJson(out, nowNanos, progress).write(volume, verifies);
  }
}
