package org.twincore.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.twincore.admin.ResourceView.CountersView;
import org.twincore.admin.ResourceView.Paths;
import org.twincore.admin.ResourceView.ProgressView;
import org.twincore.admin.ResourceView.Suspension;
import org.twincore.admin.ResourceView.VolumeView;

/// [ResourceView] to and from the maps of [JsonText].
final class ViewCodec {
  private ViewCodec() {}

  static Map<String, Object> encode(ResourceView view) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("name", view.name());
    out.put("connection", view.connection());
    out.put("protocol", view.protocol());
    out.put("agreed-version", view.agreedVersion());
    out.put("write-ordering", view.writeOrdering());
    out.put("epochs", view.epochs());
    out.put("local-address", view.localAddress());
    out.put("peer-address", view.peerAddress());
    out.put("peer-name", view.peerName());
    out.put("volumes", view.volumes().stream().map(ViewCodec::volume).toList());
    out.put("waits", view.waits());
    return out;
  }

  private static Map<String, Object> volume(VolumeView view) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("volume", view.volume());
    out.put("minor", view.minor());
    out.put("role", view.role());
    out.put("peer-role", view.peerRole());
    out.put("connection", view.connection());
    out.put("disk", view.disk());
    out.put("peer-disk", view.peerDisk());
    out.put("suspension", suspension(view.suspension()));
    out.put("size-sectors", view.sizeSectors());
    out.put("out-of-sync-blocks", view.outOfSyncBlocks());
    out.put("uuids", view.uuids());
    out.put("metadata-flags", view.metadataFlags());
    out.put("openers", view.openers());
    out.put("activity-log-suspended", view.activityLogSuspended());
    out.put("backing-disk", view.paths().disk());
    out.put("meta-disk", view.paths().metaDisk());
    out.put("meta-index", view.paths().metaIndex());
    out.put("counters", counters(view.counters()));
    out.put("progress", view.progress().stream().map(ViewCodec::progress).toList());
    return out;
  }

  private static Map<String, Object> suspension(Suspension view) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("user", view.user());
    out.put("no-data", view.noData());
    out.put("fencing", view.fencing());
    out.put("resync-after", view.resyncAfter());
    out.put("resync-peer", view.resyncPeer());
    out.put("resync-user", view.resyncUser());
    return out;
  }

  private static Map<String, Object> counters(CountersView view) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("sent-sectors", view.sentSectors());
    out.put("received-sectors", view.receivedSectors());
    out.put("disk-written-sectors", view.diskWrittenSectors());
    out.put("disk-read-sectors", view.diskReadSectors());
    out.put("al-writes", view.activityLogWrites());
    out.put("bm-writes", view.bitmapWrites());
    out.put("local-pending", view.localPending());
    out.put("peer-pending", view.peerPending());
    out.put("unacked", view.unacked());
    out.put("application-pending", view.applicationPending());
    return out;
  }

  private static Map<String, Object> progress(ProgressView view) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("total-blocks", view.totalBlocks());
    out.put("left-blocks", view.leftBlocks());
    out.put("failed-blocks", view.failedBlocks());
    out.put("since-start-millis", view.sinceStartMillis());
    out.put("paused-millis", view.pausedMillis());
    out.put("since-mark-millis", view.sinceMarkMillis());
    out.put("mark-left-blocks", view.markLeftBlocks());
    out.put("want-kib-per-second", view.wantKibPerSecond());
    out.put("position-sectors", view.positionSectors());
    return out;
  }

  static ResourceView decode(Fields in) throws AdminFormatException {
    List<VolumeView> volumes = new ArrayList<>();
    for (Fields volume : in.objects("volumes")) {
      volumes.add(volumeOf(volume));
    }
    return new ResourceView(
        in.text("name"),
        in.text("connection"),
        in.text("protocol"),
        in.smallNumber("agreed-version"),
        in.text("write-ordering"),
        in.smallNumber("epochs"),
        in.text("local-address"),
        in.text("peer-address"),
        in.text("peer-name"),
        volumes,
        in.texts("waits"));
  }

  private static VolumeView volumeOf(Fields in) throws AdminFormatException {
    List<ProgressView> progress = new ArrayList<>();
    for (Fields one : in.objects("progress")) {
      progress.add(progressOf(one));
    }
    return new VolumeView(
        in.smallNumber("volume"),
        in.smallNumber("minor"),
        in.text("role"),
        in.text("peer-role"),
        in.text("connection"),
        in.text("disk"),
        in.text("peer-disk"),
        suspensionOf(in.object("suspension")),
        in.number("size-sectors"),
        in.number("out-of-sync-blocks"),
        in.texts("uuids"),
        in.smallNumber("metadata-flags"),
        in.smallNumber("openers"),
        in.flag("activity-log-suspended"),
        new Paths(in.text("backing-disk"), in.text("meta-disk"), in.text("meta-index")),
        countersOf(in.object("counters")),
        progress);
  }

  private static Suspension suspensionOf(Fields in) throws AdminFormatException {
    return new Suspension(
        in.flag("user"),
        in.flag("no-data"),
        in.flag("fencing"),
        in.flag("resync-after"),
        in.flag("resync-peer"),
        in.flag("resync-user"));
  }

  private static CountersView countersOf(Fields in) throws AdminFormatException {
    return new CountersView(
        in.number("sent-sectors"),
        in.number("received-sectors"),
        in.number("disk-written-sectors"),
        in.number("disk-read-sectors"),
        in.number("al-writes"),
        in.number("bm-writes"),
        in.number("local-pending"),
        in.number("peer-pending"),
        in.number("unacked"),
        in.number("application-pending"));
  }

  private static ProgressView progressOf(Fields in) throws AdminFormatException {
    return new ProgressView(
        in.number("total-blocks"),
        in.number("left-blocks"),
        in.number("failed-blocks"),
        in.number("since-start-millis"),
        in.number("paused-millis"),
        in.number("since-mark-millis"),
        in.number("mark-left-blocks"),
        in.number("want-kib-per-second"),
        in.number("position-sectors"));
  }
}
