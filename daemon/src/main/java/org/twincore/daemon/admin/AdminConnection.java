package org.twincore.daemon.admin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AnswerCodec;
import org.twincore.admin.RequestCodec;

/// One client: a virtual thread that reads lines, and one that answers them in order.
///
/// The reader sees the client leave while a request of it is still being worked on.
final class AdminConnection {
  private static final Logger LOG = System.getLogger("org.twincore.admin");
  private static final int REQUEST_MAX_BYTES = 1 << 20;

  /// A client that sends ahead of its answers waits here.
  private static final int AHEAD_MAX = 4;

  private final SocketChannel channel;
  private final AdminDesk desk;
  private final Runnable ended;
  private final Caller caller = new Caller();
  private final BlockingQueue<Optional<String>> lines = new ArrayBlockingQueue<>(AHEAD_MAX);

  AdminConnection(SocketChannel channel, AdminDesk desk, Runnable ended) {
    this.channel = channel;
    this.desk = desk;
    this.ended = ended;
  }

  void start() {
    Thread.ofVirtual().name("admin-reader").start(this::readLines);
    Thread.ofVirtual().name("admin-client").start(this::answerLines);
  }

  /// Lets the request that is being answered be the last.
  void finish() {
    caller.leave();
    lines.clear();
    lines.offer(Optional.empty());
  }

  /// Cuts the client off.
  void close() {
    caller.leave();
    try {
      channel.close();
    } catch (IOException failed) {
      LOG.log(Level.DEBUG, "admin close failed: {0}", failed); // gone all the same
    }
  }

  private void readLines() {
    LineReader reader = new LineReader(channel, REQUEST_MAX_BYTES);
    try {
      for (String line = reader.next(); line != null; line = reader.next()) {
        lines.put(Optional.of(line));
      }
    } catch (IOException | InterruptedException broken) {
      LOG.log(Level.DEBUG, "admin client gone: {0}", broken.getMessage());
    }
    caller.leave();
    if (!lines.offer(Optional.empty())) {
      close(); // the other thread finds out when it writes
    }
  }

  private void answerLines() {
    try {
      for (Optional<String> line = lines.take(); line.isPresent(); line = lines.take()) {
        answer(line.get());
        caller.requestDone();
      }
    } catch (UncheckedIOException | InterruptedException gone) {
      LOG.log(Level.DEBUG, "admin client gone: {0}", gone.getMessage());
    } finally {
      close();
      lines.clear(); // lets a reader that waits with a line go on to find the channel closed
      ended.run();
    }
  }

  private void answer(String line) {
    AdminRequest request;
    try {
      request = RequestCodec.decode(line);
    } catch (AdminFormatException bad) {
      send(new AdminAnswer.Failed(String.valueOf(bad.getMessage())));
      return;
    }
    try {
      if (request instanceof AdminRequest.Subscribe subscribe) {
        desk.stream(subscribe, caller, this::send);
        send(new AdminAnswer.End());
      } else {
        send(desk.answer(request, caller));
      }
    } catch (UncheckedIOException gone) {
      throw gone;
    } catch (RuntimeException bug) {
      LOG.log(Level.ERROR, "admin request failed: " + line, bug);
      send(new AdminAnswer.Failed("the node is at fault: " + bug));
    }
  }

  private void send(AdminAnswer answer) {
    ByteBuffer bytes =
        ByteBuffer.wrap((AnswerCodec.encode(answer) + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
