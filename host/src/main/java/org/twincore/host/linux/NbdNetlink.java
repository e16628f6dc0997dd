package org.twincore.host.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/// linux/nbd-netlink.h: the kernel's NBD client, driver `nbd`, told what to do.
///
/// Needs CAP_SYS_ADMIN of the whole machine. A device is known by its index, the N of /dev/nbdN,
/// and carries a text of ours, its backend (Linux 5.14): the kernel reconfigures a device only for
/// who names the same.
public final class NbdNetlink implements AutoCloseable {
  /// The whole device is given up with the last close of it (linux/nbd.h).
  public static final int NBD_CFLAG_DISCONNECT_ON_CLOSE = 2;

  private static final Path MODULE = Path.of("/sys/module/nbd");
  private static final String FAMILY = "nbd";
  private static final int VERSION = 1;

  private static final int NBD_CMD_CONNECT = 1;
  private static final int NBD_CMD_DISCONNECT = 2;
  private static final int NBD_CMD_RECONFIGURE = 3;

  private static final int NBD_ATTR_INDEX = 1;
  private static final int NBD_ATTR_SIZE_BYTES = 2;
  private static final int NBD_ATTR_BLOCK_SIZE_BYTES = 3;
  private static final int NBD_ATTR_TIMEOUT = 4;
  private static final int NBD_ATTR_SERVER_FLAGS = 5;
  private static final int NBD_ATTR_CLIENT_FLAGS = 6;
  private static final int NBD_ATTR_SOCKETS = 7;
  private static final int NBD_ATTR_DEAD_CONN_TIMEOUT = 8;
  private static final int NBD_ATTR_BACKEND_IDENTIFIER = 10;
  private static final int NBD_SOCK_ITEM = 1;
  private static final int NBD_SOCK_FD = 1;

  private final GenericNetlink netlink;
  private final int family;

  private NbdNetlink(GenericNetlink netlink, int family) {
    this.netlink = netlink;
    this.family = family;
  }

  /// Where the driver is missing the message says how to get it; it is never loaded from here.
  public static NbdNetlink open() throws IOException {
    GenericNetlink netlink = GenericNetlink.open();
    try {
      OptionalInt family = netlink.family(FAMILY);
      if (family.isPresent()) {
        return new NbdNetlink(netlink, family.getAsInt());
      }
    } catch (IOException failed) {
      netlink.close();
      throw failed;
    }
    netlink.close();
    throw new IOException(
        Files.exists(MODULE)
            ? "the kernel's driver nbd is loaded, but does not answer in this network namespace"
            : "the kernel's driver nbd is not loaded; 'modprobe nbd' loads it");
  }

  /// What a new device is.
  ///
  /// @param backend its mark, as /sys/block/nbdN/backend shows it
  /// @param sizeBytes a multiple of `blockBytes`
  /// @param blockBytes the smallest request, 512 to 4096
  /// @param serverFlags NBD's transmission flags
  public record Device(String backend, long sizeBytes, int blockBytes, int serverFlags) {}

  /// Makes a device of a free index, or of a new one, over a connected stream whose other end
  /// serves the transmission phase already; the index. The kernel keeps the socket; the caller may
  /// close the descriptor.
  ///
  /// A request may take for ever, and one that finds the connection lost fails at once: no timeout
  /// of either kind is set.
  public int connect(Device device, Descriptor socket) throws IOException {
    List<NetlinkMessage.OfFamily> answers =
        ask("NBD_CMD_CONNECT", NBD_CMD_CONNECT, connectAttributes(device, socket.number()));
    for (NetlinkMessage.OfFamily answer : answers) {
      OptionalInt index = answer.attributes().number(NBD_ATTR_INDEX);
      if (index.isPresent()) {
        return index.getAsInt();
      }
    }
    throw new IOException("NBD_CMD_CONNECT: the kernel does not tell the index");
  }

  static NetlinkAttributes connectAttributes(Device device, int descriptor) {
    NetlinkAttributes socket =
        NetlinkAttributes.NONE.andNested(
            NBD_SOCK_ITEM, NetlinkAttributes.NONE.andU32(NBD_SOCK_FD, descriptor));
    return NetlinkAttributes.NONE
        .andU64(NBD_ATTR_SIZE_BYTES, device.sizeBytes)
        .andU64(NBD_ATTR_BLOCK_SIZE_BYTES, device.blockBytes)
        .andU64(NBD_ATTR_SERVER_FLAGS, device.serverFlags)
        .andU64(NBD_ATTR_CLIENT_FLAGS, 0)
        .andU64(NBD_ATTR_DEAD_CONN_TIMEOUT, 0)
        .andText(NBD_ATTR_BACKEND_IDENTIFIER, device.backend)
        .andNested(NBD_ATTR_SOCKETS, socket);
  }

  /// Ends the connection: what is in flight and all that comes later fails with EIO. Who has the
  /// device open keeps it, dead, until they leave.
  public void disconnect(int index) throws IOException {
    ask(
        "NBD_CMD_DISCONNECT",
        NBD_CMD_DISCONNECT,
        NetlinkAttributes.NONE.andU32(NBD_ATTR_INDEX, index));
  }

  /// Sets the NBD_CFLAG_ flags. EINVAL: no device of that index and backend is connected.
  public void setClientFlags(int index, String backend, int flags) throws IOException {
    reconfigure(of(index, backend).andU64(NBD_ATTR_CLIENT_FLAGS, flags));
  }

  /// Sets how long a request may take, in seconds, before the connection counts as lost; 0 for
  /// ever.
  public void setTimeout(int index, String backend, int seconds) throws IOException {
    reconfigure(of(index, backend).andU64(NBD_ATTR_TIMEOUT, seconds));
  }

  /// The device has another size. Newer kernels (6.9) first wait, unkillably, until no request is
  /// in flight.
  public void resize(int index, String backend, long sizeBytes) throws IOException {
    reconfigure(of(index, backend).andU64(NBD_ATTR_SIZE_BYTES, sizeBytes));
  }

  private static NetlinkAttributes of(int index, String backend) {
    return NetlinkAttributes.NONE
        .andU32(NBD_ATTR_INDEX, index)
        .andText(NBD_ATTR_BACKEND_IDENTIFIER, backend);
  }

  private void reconfigure(NetlinkAttributes attributes) throws IOException {
    ask("NBD_CMD_RECONFIGURE", NBD_CMD_RECONFIGURE, attributes);
  }

  private List<NetlinkMessage.OfFamily> ask(String name, int command, NetlinkAttributes attributes)
      throws IOException {
    return netlink.ask(new GenericNetlink.Request(name, family, VERSION, command), attributes);
  }

  @Override
  public void close() {
    netlink.close();
  }
}
