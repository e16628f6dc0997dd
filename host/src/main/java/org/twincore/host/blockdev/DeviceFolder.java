package org.twincore.host.blockdev;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.twincore.host.fuse.DevFuse;
import org.twincore.host.linux.NbdNetlink;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.KernelClients;

/// Where the devices of one node live: a private folder with a file for each that is shown, and the
/// folder of the names /dev/drbdN.
///
/// A file is called `drbdN.TOKEN` with a token of its own, so that a loop device over it, or an NBD
/// device with its path for a mark, is known for ours by that alone, also among those of other
/// nodes and of containers on this machine; and a file that is there at the start tells what a dead
/// process had shown. Only one process may use a private folder at a time.
public final class DeviceFolder {
  private static final Pattern FILE = Pattern.compile("drbd(\\d{1,7})\\.[0-9a-f]{16}");
  private static final int TOKEN_BYTES = 8;

  private final Path files;
  private final Path names;
  private final DeviceWay way;
  private final KernelClients clients = new KernelClients();
  private final WardenProcess warden = new WardenProcess();
  private final SecureRandom random = new SecureRandom();

  private DeviceFolder(Path files, Path names, DeviceWay way) {
    this.files = files;
    this.names = names;
    this.way = way;
  }

  /// Uses `files` (made if missing, for root only) and shows devices in `names`, normally /dev.
  public static DeviceFolder open(Path files, Path names, DeviceWay way) throws IOException {
    Files.createDirectories(
        files, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return new DeviceFolder(files.toRealPath(), names, way);
  }

  /// Shows a device of `sizeBytes` as drbd`minor`.
  public DrbdDevice show(int minor, long sizeBytes, Supplier<Exports.Opening> source)
      throws IOException {
    byte[] token = new byte[TOKEN_BYTES];
    random.nextBytes(token);
    Path file = files.resolve("drbd" + minor + "." + HexFormat.of().formatHex(token));
    return switch (way) {
      case FUSE -> LoopedDevice.show(node(minor), file, sizeBytes, source);
      case NBD -> NbdDevice.show(node(minor), file, sizeBytes, source, clients, warden);
    };
  }

  /// What this machine lacks now for devices of this way, and how to get it; empty if nothing.
  public Optional<String> missing() {
    if (way == DeviceWay.NBD) {
      try {
        NbdNetlink.open().close();
      } catch (IOException failed) {
        return Optional.of(String.valueOf(failed.getMessage()));
      }
    }
    return Optional.empty();
  }

  /// Makes the name of a device that cannot be opened now: of a Secondary.
  public void hide(int minor) throws IOException {
    node(minor).hide();
  }

  /// Takes the name of a device away, if it is ours.
  public void remove(int minor) throws IOException {
    node(minor).remove();
  }

  private DeviceNode node(int minor) {
    return new DeviceNode(names.resolve("drbd" + minor), files + "/drbd" + minor + ".");
  }

  /// Takes away the devices, mounts and names that a dead process left behind, whichever way it
  /// made them. Whoever still has one of its devices open keeps getting EIO; the kernel frees the
  /// device when they leave.
  public void clearStale() throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(files)) {
      for (Path file : left) {
        Matcher name = FILE.matcher(file.getFileName().toString());
        if (name.matches()) {
          node(Integer.parseInt(name.group(1))).removeStale();
          for (int number : LoopDevice.numbersOver("/" + file.getFileName())) {
            LoopDevice.abandon(number, names.resolve("." + file.getFileName()));
          }
          KernelNbd.disconnectAll("/" + file.getFileName());
          DevFuse.removeStale(file);
        }
      }
    }
  }
}
