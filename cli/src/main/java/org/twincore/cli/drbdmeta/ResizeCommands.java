package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.twincore.admin.NodePaths;
import org.twincore.drbd.meta.GrownDisk;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.host.disk.KnownDisks;

/// Metadata of a disk that grew while it was not in use: what the disk was stands in a file for
/// each minor.
final class ResizeCommands {
  private ResizeCommands() {}

  /// The folder of the files; `TWINCORE_LKBD` names another one.
  private static KnownDisks known() {
    String named = System.getenv("TWINCORE_LKBD");
    return new KnownDisks(named == null ? NodePaths.KNOWN_DISKS : Path.of(named));
  }

  static int checkResize(Session session) throws IOException, ToolFailure {
    follow(session);
    if (!session.hasMetadata()) {
      throw new ToolFailure(ToolFailure.FAILED, "no suitable meta data found :(");
    }
    return 0;
  }

  /// Brings internal metadata to where the disk ends now, if it is where it ended, and remembers
  /// where that is.
  static void follow(Session session) throws IOException, ToolFailure {
    Invocation invocation = session.invocation();
    if (!(invocation.kind() instanceof Kind.Internal)) {
      return;
    }
    try {
      if (GrownDisk.follow(invocation.kind(), session.store(), known().of(invocation.minor()))) {
        session.dialogue().out().println("Internal drbd meta data successfully moved.");
      }
    } catch (MetadataException bad) {
      throw new ToolFailure(
          ToolFailure.FAILED, Objects.requireNonNullElse(bad.getMessage(), "bad metadata"));
    }
    remember(session);
  }

  /// Notes what the disk is, if it has metadata; where that cannot be noted the command is not less
  /// done for it.
  static void remember(Session session) throws IOException, ToolFailure {
    Invocation invocation = session.invocation();
    if (!(invocation.kind() instanceof Kind.Internal) || !session.hasMetadata()) {
      return;
    }
    long uuid = session.found().superblock().deviceUuid();
    try {
      known()
          .remember(
              invocation.minor(),
              invocation.device(),
              new GrownDisk.Known(session.store().sizeBytes(), uuid));
    } catch (IOException unable) {
      if (invocation.flags().verbose()) {
        session.dialogue().err().println("lk-bdev: " + unable.getMessage());
      }
    }
  }
}
