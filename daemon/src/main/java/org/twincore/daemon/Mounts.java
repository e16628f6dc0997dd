package org.twincore.daemon;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.daemon.report.OverviewText;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.host.linux.MountTable;
import org.twincore.host.linux.MountTable.Mount;

/// Which of this node's minors are mounted where.
final class Mounts {
  private static final Logger LOG = System.getLogger("org.twincore.node");

  private Mounts() {}

  /// By minor; empty if the kernel does not tell.
  static Map<Integer, Mount> of(List<ResourceNode> resources) {
    Map<Integer, Mount> mounts = new TreeMap<>();
    try {
      MountTable table = MountTable.now();
      for (ResourceNode resource : resources) {
        for (VolumeNode volume : resource.volumes()) {
          table
              .of(Path.of("/dev/drbd" + volume.minor()))
              .ifPresent(mount -> mounts.put(volume.minor(), mount));
        }
      }
    } catch (IOException unreadable) {
      LOG.log(Level.DEBUG, "mounts: {0}", unreadable); // the table is shown without them
    }
    return mounts;
  }

  /// How full they are, by minor; without those that do not tell.
  static Map<Integer, OverviewText.Usage> usages(Map<Integer, Mount> mounts) {
    Map<Integer, OverviewText.Usage> usages = new TreeMap<>();
    mounts.forEach((minor, mount) -> {
      try {
        FileStore store = Files.getFileStore(Path.of(mount.folder()));
        usages.put(
            minor,
            new OverviewText.Usage(
                mount.folder(),
                mount.type(),
                store.getTotalSpace(),
                store.getTotalSpace() - store.getUnallocatedSpace(),
                store.getUsableSpace()));
      } catch (IOException unreadable) {
        LOG.log(Level.DEBUG, "mount {0}: {1}", mount.folder(), unreadable);
      }
    });
    return usages;
  }
}
