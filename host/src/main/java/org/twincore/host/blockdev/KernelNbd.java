package org.twincore.host.blockdev;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;
import org.twincore.host.linux.NbdNetlink;

/// One /dev/nbdN that is connected to this process.
///
/// This process keeps no descriptor of it, as of a loop device: whoever closes a block device last
/// waits, unkillably, until all that was written is on it.
///
/// Who has it open is found out exactly by the kernel: told to give the device up with the last
/// close, it does so in the close itself, before anybody can open it anew. So [#release] says that,
/// has a child open and close the device, and takes it back if the child was not the last.
///
/// ```
/// connected --release, no opener--> gone        connected --release, opener--> connected
/// connected --abandon--> dead until its last opener leaves, then gone
/// ```
///
/// Source: linux/nbd-netlink.h, drivers/block/nbd.c of 6.1 (nbd_release, nbd_genl_reconfigure) and
/// of 6.18.
final class KernelNbd {
  /// The major number of NBD devices (Documentation/admin-guide/devices.txt).
  static final int MAJOR = 43;

  private static final Path SYS_BLOCK = Path.of("/sys/block");
  private static final int SECTOR_BYTES = 512;

  /// What users wrote last and the kernel has not passed on yet may take long on a slow disk.
  private static final long CLOSE_LIMIT_MILLIS = 600_000;

  /// While a device gets another size, a request may not take longer; the kernel counts whole
  /// periods of half a minute before it looks.
  private static final int RESIZE_SECONDS = 30;

  private final int index;
  private final String backend;
  private final DeviceChild child;

  private KernelNbd(int index, String backend, DeviceChild child) {
    this.index = index;
    this.backend = backend;
    this.child = child;
  }

  /// Makes a device over a stream whose other end serves it already. `backend` is its mark, of its
  /// own among all devices of the machine; `scratch` a name for a device node, in a folder where
  /// device nodes can be opened.
  static KernelNbd connect(
      Descriptor socket, String backend, long sizeBytes, int serverFlags, Path scratch)
      throws IOException {
    try (NbdNetlink netlink = NbdNetlink.open()) {
      int index =
          netlink.connect(
              new NbdNetlink.Device(backend, sizeBytes, SECTOR_BYTES, serverFlags), socket);
      try {
        if (!backendOf(index).equals(Optional.of(backend))) {
          throw new IOException(
              "/sys/block/nbd" + index + "/backend does not name it: Linux 5.14 or later needed");
        }
        return new KernelNbd(index, backend, new DeviceChild(scratch, MAJOR, minorOf(index)));
      } catch (IOException failed) {
        netlink.disconnect(index);
        throw failed;
      }
    }
  }

  /// The N of /dev/nbdN.
  int index() {
    return index;
  }

  /// The device's minor number, which is not the index: each device has some for its partitions.
  int minor() {
    return child.minor();
  }

  /// Gives the device up unless somebody has it open.
  ///
  /// True: gone, everything written was answered, no page of it is cached. False: others have it
  /// open; the device goes on as if nothing had been asked.
  boolean release() throws IOException {
    try (NbdNetlink netlink = NbdNetlink.open()) {
      if (!setFlags(netlink, NbdNetlink.NBD_CFLAG_DISCONNECT_ON_CLOSE)) {
        return true; // somebody else has disconnected it
      }
      try {
        openAndClose();
      } catch (IOException failed) {
        setFlags(netlink, 0);
        throw failed;
      }
      // The last opener may have left in between: then there is nothing to be taken back.
      return !isConnected() || !setFlags(netlink, 0);
    }
  }

  private void openAndClose() throws IOException {
    if (!child.run(CLOSE_LIMIT_MILLIS, "/sbin/blockdev", "--getro")) {
      throw new IOException("/dev/nbd" + index + " does not take what was written to it");
    }
  }

  /// False if the kernel knows no such device any more.
  private boolean setFlags(NbdNetlink netlink, int flags) throws IOException {
    try {
      netlink.setClientFlags(index, backend, flags);
      return true;
    } catch (LinuxException refused) {
      if (refused.errno() != Errno.EINVAL) {
        throw refused;
      }
      return false;
    }
  }

  private boolean isConnected() {
    return backendOf(index).equals(Optional.of(backend));
  }

  /// Gives the device up whoever has it open: what is in flight and all that comes later fails. Our
  /// end of the stream must be closed: a request that it does not take would be waited for.
  void abandon() throws IOException {
    disconnect(index, backend);
  }

  /// As [DeviceChild#flush].
  boolean flush(long timeoutMillis) throws IOException {
    return child.flush(timeoutMillis);
  }

  /// The device has another size.
  ///
  /// Newer kernels wait for all that is in flight first, and hold what [#abandon] needs. Should
  /// this process die meanwhile, nothing would end that wait: so requests may time out until it is
  /// over.
  void resize(long sizeBytes) throws IOException {
    try (NbdNetlink netlink = NbdNetlink.open()) {
      netlink.setTimeout(index, backend, RESIZE_SECONDS);
      try {
        netlink.resize(index, backend, sizeBytes);
      } finally {
        netlink.setTimeout(index, backend, 0);
      }
    }
  }

  /// Gives up the devices, if there are any, with that mark at the end of theirs.
  static void disconnectAll(String ending) throws IOException {
    for (int index : indexes()) {
      Optional<String> mark = backendOf(index).filter(it -> it.endsWith(ending));
      if (mark.isPresent()) {
        disconnect(index, mark.get());
      }
    }
  }

  private static void disconnect(int index, String backend) throws IOException {
    if (backendOf(index).equals(Optional.of(backend))) {
      try (NbdNetlink netlink = NbdNetlink.open()) {
        netlink.disconnect(index);
      }
    }
  }

  /// The mark that the device carries; empty if it is free or not made over netlink.
  static Optional<String> backendOf(int index) {
    return text(SYS_BLOCK.resolve("nbd" + index).resolve("backend"));
  }

  /// What the device of that minor number is, if not one whose mark has `own` in it.
  static Optional<String> foreign(int minor, String own) {
    Path device = Path.of("/sys/dev/block/" + MAJOR + ":" + minor);
    Optional<String> mark = text(device.resolve("backend"));
    if (mark.isEmpty()) {
      return text(device.resolve("pid")).map(pid -> "an NBD device of process " + pid);
    }
    return mark.filter(it -> !it.contains(own)).map(it -> "the NBD device of " + it);
  }

  private static int minorOf(int index) throws IOException {
    Path number = SYS_BLOCK.resolve("nbd" + index).resolve("dev");
    String said = text(number).orElse("");
    if (!said.matches(MAJOR + ":\\d{1,7}")) {
      throw new IOException(number + " says '" + said + "'");
    }
    return Integer.parseInt(said.substring(said.indexOf(':') + 1));
  }

  private static Optional<String> text(Path file) {
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (IOException noSuchFile) { // it is there only while the device has something to say
      return Optional.empty();
    }
  }

  private static List<Integer> indexes() throws IOException {
    List<Integer> found = new ArrayList<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(SYS_BLOCK, "nbd[0-9]*")) {
      for (Path device : devices) {
        found.add(Integer.parseInt(device.getFileName().toString().substring("nbd".length())));
      }
    }
    return found;
  }
}
