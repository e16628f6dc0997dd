package org.twincore.host.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// A socket to one of the kernel's generic netlink families; one request at a time.
///
/// A request is carried out by the kernel in the call that sends it, so its answer is there when it
/// is asked for. Never makes the kernel load a module: families are looked up in the list of all,
/// since a question for one by name would. Source: linux/genetlink.h.
final class GenericNetlink implements AutoCloseable {
  private static final int NETLINK_GENERIC = 16;
  private static final int GENL_ID_CTRL = 0x10;
  private static final int CTRL_VERSION = 1;
  private static final int CTRL_CMD_GETFAMILY = 3;
  private static final int CTRL_ATTR_FAMILY_ID = 1;
  private static final int CTRL_ATTR_FAMILY_NAME = 2;

  /// The kernel's datagrams have at most 32 KiB.
  private static final int BUFFER_BYTES = 64 << 10;

  private final Descriptor socket;
  private int sequence;

  private GenericNetlink(Descriptor socket) {
    this.socket = socket;
  }

  static GenericNetlink open() throws LinuxException {
    return new GenericNetlink(
        SysSocket.open(SysSocket.AF_NETLINK, SysSocket.SOCK_RAW, NETLINK_GENERIC));
  }

  /// The number of the family of that name; empty where this kernel, or this network namespace, has
  /// none.
  OptionalInt family(String name) throws IOException {
    for (NetlinkMessage.OfFamily known :
        exchange(
            new Request("CTRL_CMD_GETFAMILY", GENL_ID_CTRL, CTRL_VERSION, CTRL_CMD_GETFAMILY),
            NetlinkAttributes.NONE,
            NetlinkMessage.NLM_F_DUMP)) {
      if (known.attributes().text(CTRL_ATTR_FAMILY_NAME).filter(name::equals).isPresent()) {
        return known.attributes().number(CTRL_ATTR_FAMILY_ID);
      }
    }
    return OptionalInt.empty();
  }

  /// What is asked of whom; `name` is for messages.
  record Request(String name, int family, int version, int command) {}

  /// Has the kernel do something; what it said besides "done". [LinuxException] with its errno if
  /// it refused.
  List<NetlinkMessage.OfFamily> ask(Request request, NetlinkAttributes attributes)
      throws IOException {
    return exchange(request, attributes, NetlinkMessage.NLM_F_ACK);
  }

  private List<NetlinkMessage.OfFamily> exchange(
      Request request, NetlinkAttributes attributes, int flags) throws IOException {
    sequence++;
    NetlinkMessage.OfFamily message =
        new NetlinkMessage.OfFamily(request.family, sequence, request.command, attributes);
    try (Arena arena = Arena.ofConfined()) {
      send(request.name, NetlinkMessage.request(message, flags, request.version), arena);
      return receive(request.name, arena.allocate(BUFFER_BYTES, Long.BYTES));
    }
  }

  private void send(String name, ByteBuffer message, Arena arena) throws LinuxException {
    MemorySegment bytes = arena.allocate(message.remaining(), Long.BYTES);
    bytes.copyFrom(MemorySegment.ofBuffer(message));
    long put = socket.tryWrite(bytes, bytes.byteSize());
    if (put < 0) {
      throw new LinuxException(name, (int) -put);
    }
  }

  private List<NetlinkMessage.OfFamily> receive(String name, MemorySegment buffer)
      throws IOException {
    List<NetlinkMessage.OfFamily> answers = new ArrayList<>();
    while (true) {
      long got = socket.tryRead(buffer);
      if (got == -Errno.EINTR) {
        continue;
      }
      if (got < 0) {
        throw new LinuxException(name, (int) -got);
      }
      ByteBuffer datagram = buffer.asSlice(0, got).asByteBuffer().order(ByteOrder.nativeOrder());
      for (NetlinkMessage said : NetlinkMessage.decodeAll(datagram)) {
        if (said.sequence() != sequence) {
          continue; // of an exchange that was broken off
        }
        switch (said) {
          case NetlinkMessage.Ended(int _, int errno) when errno != 0 ->
              throw new LinuxException(name, errno);
          case NetlinkMessage.Ended _ -> {
            return answers;
          }
          case NetlinkMessage.OfFamily answer -> answers.add(answer.copied());
          case NetlinkMessage.Other _ -> {}
        }
      }
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
