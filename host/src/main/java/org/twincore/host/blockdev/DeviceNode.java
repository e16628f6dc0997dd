package org.twincore.host.blockdev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Optional;
import org.twincore.host.linux.SysStat;

/// The name /dev/drbdN. It leads to a loop or NBD device, or nowhere: then whoever opens it gets
/// "No such device or address" (ENXIO), and nobody writes a regular file of that name by mistake.
///
/// ```
/// absent --hide--> hidden --show--> shown --hide--> hidden --remove--> absent
/// ```
///
/// Each change is one rename(2): an opener sees the old or the new. A file of that name that is not
/// ours is never touched: a regular file, a device of a kernel's DRBD (major 147), a loop or NBD
/// device that serves something else.
public final class DeviceNode {
  /// No driver has major 0, so opening it is ENXIO.
  private static final int NOWHERE = 0;

  private static final int PERMISSIONS = 0660;
  private static final String GROUP = "disk";

  private final Path path;

  /// Which devices may be replaced: those with this in the path of their backing file, or in their
  /// mark.
  private final String own;

  DeviceNode(Path path, String own) {
    this.path = path;
    this.own = own;
  }

  Path path() {
    return path;
  }

  /// Opening it leads to the device of these numbers.
  void show(int major, int minor) throws IOException {
    replace(major, minor);
  }

  /// Opening it is refused.
  void hide() throws IOException {
    replace(NOWHERE, NOWHERE);
  }

  /// Takes the name away if it is ours.
  void remove() throws IOException {
    if (foreign().isEmpty()) {
      Files.deleteIfExists(path);
    }
  }

  /// Takes away the name that a dead process of ours had shown: its device may serve another
  /// program by now.
  void removeStale() throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && isBlockDevice()) {
      int major = SysStat.major(rdev());
      if (major == NOWHERE || major == LoopDevice.MAJOR || major == KernelNbd.MAJOR) {
        Files.delete(path);
      }
    }
  }

  private void replace(int major, int minor) throws IOException {
    Optional<String> foreign = foreign();
    if (foreign.isPresent()) {
      throw new IOException(path + " is not ours to replace: it is " + foreign.get());
    }
    Path fresh = path.resolveSibling("." + path.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    SysStat.makeBlockNode(fresh.toString(), PERMISSIONS, major, minor);
    giveToDiskGroup(fresh);
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
  }

  /// As udev does for disks; where the group is missing, root's remains.
  private static void giveToDiskGroup(Path node) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(node, PosixFileAttributeView.class);
    view.setPermissions(PosixFilePermissions.fromString("rw-rw----"));
    try {
      GroupPrincipal disk =
          node.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(GROUP);
      view.setGroup(disk);
    } catch (UserPrincipalNotFoundException noSuchGroup) {
      view.setPermissions(PosixFilePermissions.fromString("rw-------"));
    }
  }

  /// What stands there that is not ours; empty if the name is free or ours.
  private Optional<String> foreign() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    if (!isBlockDevice()) {
      return Optional.of("no block device");
    }
    int major = SysStat.major(rdev());
    int minor = SysStat.minor(rdev());
    if (major == NOWHERE) {
      return Optional.empty();
    }
    return switch (major) {
      case LoopDevice.MAJOR ->
          LoopDevice.backingFile(minor)
              .filter(file -> !file.contains(own))
              .map(file -> "loop device " + minor + " over " + file);
      case KernelNbd.MAJOR -> KernelNbd.foreign(minor, own);
      default -> Optional.of("a device of another driver (" + major + ":" + minor + ")");
    };
  }

  private long rdev() throws IOException {
    return (long) Files.getAttribute(path, "unix:rdev", LinkOption.NOFOLLOW_LINKS);
  }

  private boolean isBlockDevice() throws IOException {
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return SysStat.isBlockDevice(mode);
  }
}
