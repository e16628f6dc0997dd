package org.twincore.host.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// The bytes of one connection, both ways, without ever waiting: plain, or wrapped as [Wrapping]
/// says.
///
/// One thread reads while another one writes.
interface PeerChannel {
  /// The socket below, which does not block: for a selector.
  SocketChannel socket();

  /// Puts what has come into `into`: how many bytes, 0 if there is nothing yet, -1 at the end.
  /// After 0 the next call is worth while when the socket is readable.
  int read(ByteBuffer into) throws IOException;

  /// Takes as much of `from` as there is room for and hands it on. How many bytes the kernel took
  /// from it or from what was taken before: 0 means that the kernel takes no more.
  int write(ByteBuffer from) throws IOException;

  /// Is there anything taken that the kernel has not? It goes out with the next [#write].
  boolean hasUnsent();

  /// A socket as it is.
  record Plain(SocketChannel socket) implements PeerChannel {
    @Override
    public int read(ByteBuffer into) throws IOException {
      return socket.read(into);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return socket.write(from);
    }

    @Override
    public boolean hasUnsent() {
      return false;
    }
  }
}
