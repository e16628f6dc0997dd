package org.twincore.host.net;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Accepts at the own address, from its start until it is stopped. An address that is taken is
/// tried again every second. Used once.
final class Listener {
  private static final Logger LOG = System.getLogger("org.twincore.net");
  private static final int BACKLOG = 5;
  private static final long RETRY_MILLIS = 1000;

  private final String name;
  private final TcpLink.Ends ends;
  private final TcpLink.Accepting accepting;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable ServerSocketChannel channel;

  /// Why the last attempt to listen failed.
  private volatile String failure = "";

  Listener(String name, TcpLink.Ends ends, TcpLink.Accepting accepting) {
    this.name = name;
    this.ends = ends;
    this.accepting = accepting;
  }

  /// Binds in the caller's thread, so that the address is there when this returns (if it is free).
  synchronized void start() {
    channel = tryBind();
    Thread.ofPlatform().daemon().name("listen-" + name).start(this::run);
  }

  synchronized void stop() {
    stopped.countDown();
    if (channel != null) {
      closeQuietly(channel);
    }
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  private void run() {
    boolean hasComplained = false;
    while (!isStopped()) {
      ServerSocketChannel bound = bound();
      if (bound == null) {
        if (!hasComplained) {
          LOG.log(
              Level.WARNING,
              "resource={0} address={1} error=\"cannot listen: {2}\" next=\"tried again until it works\"",
              name,
              ends.local(),
              String.valueOf(failure));
          hasComplained = true;
        }
        try {
          if (stopped.await(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
            return;
          }
        } catch (InterruptedException _) {
          return;
        }
      } else {
        accept(bound);
      }
    }
  }

  private synchronized @Nullable ServerSocketChannel bound() {
    if (channel == null && !isStopped()) {
      channel = tryBind();
    }
    return channel;
  }

  private @Nullable ServerSocketChannel tryBind() {
    try {
      ServerSocketChannel made = ServerSocketChannel.open();
      try {
        made.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        made.bind(ends.local(), BACKLOG);
        return made;
      } catch (IOException failed) {
        made.close();
        throw failed;
      }
    } catch (IOException failed) {
      failure = String.valueOf(failed.getMessage());
      return null;
    }
  }

  private void accept(ServerSocketChannel bound) {
    try {
      SocketChannel accepted = bound.accept();
      if (!isFromPeer(accepted) || isStopped()) {
        closeQuietly(accepted);
        return;
      }
      try {
        accepting.accepted(accepted);
      } catch (IOException gone) {
        LOG.log(Level.DEBUG, "resource={0} accepted socket failed: {1}", name, gone);
      }
    } catch (ClosedChannelException _) {
      // stopped
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "resource={0} accept failed: {1}", name, failed);
      try {
        stopped.await(RETRY_MILLIS, TimeUnit.MILLISECONDS); // out of descriptors, most likely
      } catch (InterruptedException _) {
        stop();
      }
    }
  }

  private boolean isFromPeer(SocketChannel accepted) throws IOException {
    return accepted.getRemoteAddress() instanceof InetSocketAddress from
        && from.getAddress().equals(ends.peer().getAddress());
  }

  private static void closeQuietly(java.nio.channels.Channel channel) {
    try {
      channel.close();
    } catch (IOException failed) {
      LOG.log(Level.DEBUG, "close failed: {0}", failed); // it is gone all the same
    }
  }
}
