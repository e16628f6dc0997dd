package org.twincore.host.net;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/// Waits for a socket while two ends greet each other, before a [PeerSocket] has it. However often
/// it waits, at the deadline (nanoTime) its patience ends.
final class Patience implements AutoCloseable {
  private final Selector selector;
  private final SelectionKey key;
  private final long deadlineNanos;

  /// The socket must not block.
  Patience(SocketChannel socket, long deadlineNanos) throws IOException {
    this.deadlineNanos = deadlineNanos;
    selector = Selector.open();
    try {
      key = socket.register(selector, 0);
    } catch (IOException failed) {
      selector.close();
      throw failed;
    }
  }

  /// Until there is something to read, or the end of it.
  void untilReadable() throws IOException {
    until(SelectionKey.OP_READ);
  }

  /// Until the kernel takes something again.
  void untilWritable() throws IOException {
    until(SelectionKey.OP_WRITE);
  }

  private void until(int interest) throws IOException {
    long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    key.interestOps(interest);
    if (leftMillis <= 0 || selector.select(_ -> {}, leftMillis) == 0) {
      throw new SocketTimeoutException("the peer did not answer in time");
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
  }
}
