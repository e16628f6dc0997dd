package org.twincore.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// sys/socket.h: sockets of kinds that the JDK has not, or whose descriptor must be known.
public final class SysSocket {
  static final int AF_NETLINK = 16;
  static final int SOCK_RAW = 3;

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;

  /// `struct sockaddr_un` (sys/un.h): u16 family, path with a zero byte at its end.
  private static final int SOCKADDR_UN_BYTES = 110;

  private static final int PATH_OFFSET = 2;
  private static final int PATH_BYTES = 108;

  private static final MethodHandle SOCKET =
      NativeCall.of("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle CONNECT =
      NativeCall.of("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

  private SysSocket() {}

  /// socket(2); SOCK_CLOEXEC is always set.
  static Descriptor open(int family, int type, int protocol) throws LinuxException {
    try {
      int fd = (int) SOCKET.invokeExact(NativeCall.state(), family, type | SOCK_CLOEXEC, protocol);
      NativeCall.checked("socket", fd);
      return Descriptor.of(fd, "socket");
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// A stream connected to whoever listens at the Unix socket `path`, of 107 bytes at most.
  public static Descriptor connectUnix(String path) throws LinuxException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length >= PATH_BYTES) {
      throw new LinuxException("connect " + path, Errno.ENAMETOOLONG);
    }
    Descriptor socket = open(AF_UNIX, SOCK_STREAM, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SOCKADDR_UN_BYTES, Short.BYTES);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(name, 0, address, JAVA_BYTE, PATH_OFFSET, name.length);
      int result =
          (int)
              CONNECT.invokeExact(NativeCall.state(), socket.number(), address, SOCKADDR_UN_BYTES);
      NativeCall.checked("connect " + path, result);
      return socket;
    } catch (LinuxException failed) {
      socket.close();
      throw failed;
    } catch (Throwable thrown) {
      socket.close();
      throw NativeCall.unexpected(thrown);
    }
  }
}
