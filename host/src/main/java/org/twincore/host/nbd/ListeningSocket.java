package org.twincore.host.nbd;

import java.io.IOException;
import java.net.BindException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/// A socket that listens, on TCP or on a path.
///
/// The path of a Unix socket appears with mode 0600 in one step: it is bound under another name,
/// changed, then renamed.
record ListeningSocket(ServerSocketChannel channel, SocketAddress address) {
  private static final int BACKLOG = 128;

  static ListeningSocket bind(SocketAddress address) throws IOException {
    return address instanceof UnixDomainSocketAddress unix ? bindUnix(unix) : bindTcp(address);
  }

  private static ListeningSocket bindTcp(SocketAddress address) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(address, BACKLOG);
      return new ListeningSocket(channel, channel.getLocalAddress());
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw new BindException("nbd address " + address + ": " + failed.getMessage());
    }
  }

  private static ListeningSocket bindUnix(UnixDomainSocketAddress address) throws IOException {
    Path path = address.getPath();
    if (isAlive(address)) {
      throw new BindException("nbd address " + path + ": another server listens there");
    }
    if (Files.exists(path) && !isSocket(path)) {
      throw new BindException("nbd address " + path + ": a file that is no socket is there");
    }
    Path draft = path.resolveSibling(path.getFileName() + "~");
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      Files.deleteIfExists(draft);
      channel.bind(UnixDomainSocketAddress.of(draft), BACKLOG);
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
      return new ListeningSocket(channel, address);
    } catch (IOException | RuntimeException failed) {
      channel.close();
      Files.deleteIfExists(draft);
      throw new BindException("nbd address " + path + ": " + failed.getMessage());
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    return !Files.isRegularFile(path)
        && !Files.isDirectory(path)
        && Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).isOther();
  }

  private static boolean isAlive(UnixDomainSocketAddress address) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(address);
    } catch (IOException _) {
      // Nobody there: no file, or the socket of a server that ended.
      return false;
    }
  }

  void close() {
    try {
      channel.close();
      if (address instanceof UnixDomainSocketAddress unix) {
        Files.deleteIfExists(unix.getPath());
      }
    } catch (IOException failed) {
      System.getLogger("org.twincore.nbd")
          .log(System.Logger.Level.WARNING, "nbd {0}: {1}", this, failed.getMessage());
    }
  }

  @Override
  public String toString() {
    return address instanceof UnixDomainSocketAddress unix
        ? "unix:" + unix.getPath()
        : address.toString();
  }
}
