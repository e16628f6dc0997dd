package org.twincore.daemon.report;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.twincore.admin.settings.NodeSettings.StatusStyle;
import org.twincore.host.linux.MountTable.Mount;

/// What `service drbd status` prints while the node runs, in the style of one of four versions.
///
/// 0.7 and 8.2 print the text of /proc/drbd of their time, 8.3 and 8.4 a table.
public final class ServiceStatus {
  private static final String FIRST_LINE = "drbd driver loaded OK; device status:\n";

  private ServiceStatus() {}

  /// `node` and `built` go into the header; `mounts` are by minor, `nowNanos` is the resources'
  /// clock.
  public static String render(
      StatusStyle style,
      String node,
      Instant built,
      List<ReportedResource> resources,
      Map<Integer, Mount> mounts,
      long nowNanos) {
    Banner banner = Banner.of(style, node, built);
    return FIRST_LINE
        + switch (style) {
          case V0_7 -> OldProcText.render07(banner, resources, nowNanos);
          case V8_2 -> OldProcText.render82(banner, resources, nowNanos);
          case V8_3, V8_4 -> banner + ServiceTable.render(resources, mounts, nowNanos);
        };
  }
}
