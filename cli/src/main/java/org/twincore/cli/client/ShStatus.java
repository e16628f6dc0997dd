package org.twincore.cli.client;

import org.twincore.admin.ResourceView;
import org.twincore.admin.ResourceView.VolumeView;

/// The assignments of `sh-status` for one volume, as a shell reads them (drbd-status section 5).
public final class ShStatus {
  private static final String END = "\n_sh_status_process\n";

  private ShStatus() {}

  /// A minor that the node does not have.
  public static String unconfigured(int minor) {
    return "_minor=" + minor + "\n_known=Unconfigured\n" + END;
  }

  /// A volume as the node has it. A resource's name has no character that a shell would take apart:
  /// the node refuses such a name.
  public static String of(NodeLine.VolumeInNode found) {
    VolumeView view = found.volume();
    ResourceView.Suspension suspension = view.suspension();
    boolean suspended = suspension.user() || suspension.noData() || suspension.fencing();
    return """
    _minor=%d
    _res_name=%s
    _volume=%d
    _known=Configured
    _cstate=%s
    _role=%s
    _peer=%s
    _disk=%s
    _pdsk=%s
    _flags_susp=%s
    _flags_aftr_isp=%s
    _flags_peer_isp=%s
    _flags_user_isp=%s
    _resynced_percent=%s
    """
            .formatted(
                view.minor(),
                found.resource().name(),
                view.volume(),
                view.connection(),
                view.role(),
                view.peerRole(),
                view.disk(),
                view.peerDisk(),
                flag(suspended),
                flag(suspension.resyncAfter()),
                flag(suspension.resyncPeer()),
                flag(suspension.resyncUser()),
                percent(view))
        + END;
  }

  private static String flag(boolean isSet) {
    return isSet ? "1" : "";
  }

  private static String percent(VolumeView view) {
    if (view.progress().isEmpty()) {
      return "";
    }
    ResourceView.ProgressView progress = view.progress().getFirst();
    long permille = 1000 - progress.leftBlocks() * 1000 / Math.max(1, progress.totalBlocks());
    return permille / 10 + "." + permille % 10;
  }
}
