package org.twincore.it;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// The bytes of an NBD client that keeps to no rule.
final class RawNbd {
  private RawNbd() {}

  static SocketChannel connect(SocketAddress address) throws IOException {
    SocketChannel channel =
        address instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open();
    channel.connect(address);
    return channel;
  }

  static boolean closedByServer(SocketChannel channel) {
    ByteBuffer sink = ByteBuffer.allocate(4096);
    try (channel) {
      while (channel.read(sink.clear()) >= 0) {
        // The greeting and replies; then the end.
      }
    } catch (IOException _) {
      // Reset is an end, too.
    }
    return true;
  }

  static void writeAll(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(bytes);
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  /// Client flags and NBD_OPT_EXPORT_NAME: transmission with simple replies.
  static byte[] hello(String export) {
    ByteBuffer hello = ByteBuffer.allocate(20 + export.length());
    hello.putInt(3).putLong(0x49484156454F5054L).putInt(1).putInt(export.length());
    for (char letter : export.toCharArray()) {
      hello.put((byte) letter);
    }
    return hello.array();
  }

  static void request(ByteBuffer out, int type, long offset, int length) {
    out.putInt(0x25609513).putShort((short) 0).putShort((short) type).putLong(0);
    out.putLong(offset).putInt(length);
  }
}
