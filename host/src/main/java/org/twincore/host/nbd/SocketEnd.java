package org.twincore.host.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/// A non-blocking socket with one thread that waits for it: input, and room for output.
///
/// Reads are tried before the thread sleeps: under load the next request is there already.
final class SocketEnd implements AutoCloseable {
  final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final int spinReads;
  private volatile @Nullable String stopReason;
  private volatile boolean isCut;

  SocketEnd(SocketChannel channel, int spinReads) throws IOException {
    this.channel = channel;
    this.spinReads = spinReads;
    channel.configureBlocking(false);
    this.selector = Selector.open();
    this.key = channel.register(selector, 0);
  }

  /// Lets the waiting thread look around; from any thread.
  void wake() {
    selector.wakeup();
  }

  /// Makes the connection's thread end with an IOException at its next wait; from any thread.
  void stop(String reason) {
    stopReason = reason;
    selector.wakeup();
  }

  /// As [#stop], and nothing that is in flight is waited for.
  void cut(String reason) {
    isCut = true;
    stop(reason);
  }

  boolean isCut() {
    return isCut;
  }

  boolean isStopped() {
    return stopReason != null;
  }

  /// One read into `in`, 0 if nothing is there; fails at the end of the stream.
  int tryRead(ByteBuffer in) throws IOException {
    int count = channel.read(in);
    for (int i = 0; i < spinReads && count == 0; i++) {
      Thread.onSpinWait();
      count = channel.read(in);
    }
    if (count < 0) {
      throw new EOFException("closed by the client");
    }
    return count;
  }

  /// Sleeps until the socket has input (if `forInput`), has room (if `forRoom`), or [#wake].
  void await(boolean forInput, boolean forRoom) throws IOException {
    String reason = stopReason;
    if (reason != null) {
      throw new IOException(reason);
    }
    sleep(forInput, forRoom);
    reason = stopReason;
    if (reason != null) {
      throw new IOException(reason);
    }
  }

  /// As [#await], also after a stop.
  void sleep(boolean forInput, boolean forRoom) throws IOException {
    int interest = (forInput ? SelectionKey.OP_READ : 0) | (forRoom ? SelectionKey.OP_WRITE : 0);
    if (key.interestOps() != interest) {
      key.interestOps(interest);
    }
    selector.select();
    selector.selectedKeys().clear();
  }

  /// Writes all of `bytes`, waiting for room.
  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.write(bytes) == 0) {
        await(false, true);
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (selector) {
      channel.close();
    }
  }
}
