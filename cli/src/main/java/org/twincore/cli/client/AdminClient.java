package org.twincore.cli.client;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminVersion;
import org.twincore.admin.AnswerCodec;
import org.twincore.admin.RequestCodec;

/// One connection to a node's admin socket; requests are answered in turn. Not for several threads.
public final class AdminClient implements AutoCloseable {
  private static final int LINE_MAX_BYTES = 16 << 20;

  private final SocketChannel channel;
  private byte[] line = new byte[16 << 10];
  private int filled;
  private int lineStart;

  private AdminClient(SocketChannel channel) {
    this.channel = channel;
  }

  /// Connects; the failure says that no node answers there and why.
  public static AdminClient connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException failed) {
      channel.close();
      throw new IOException("no node answers at " + socket + ": " + failed.getMessage(), failed);
    }
    return new AdminClient(channel);
  }

  /// Asks and waits for the answer, however long it takes.
  public AdminAnswer ask(AdminRequest request) throws IOException {
    send(request);
    return receive();
  }

  /// Asks and waits for the answer; empty if there is none after so many seconds, and then this is
  /// closed. The node goes on with what it has begun.
  public Optional<AdminAnswer> ask(AdminRequest request, long seconds) throws IOException {
    Thread limit = Thread.ofPlatform().daemon().name("limit").unstarted(() -> closeAfter(seconds));
    limit.start();
    try {
      return Optional.of(ask(request));
    } catch (ClosedChannelException _) { // at the limit: before, in or between two reads
      return Optional.empty();
    } finally {
      limit.interrupt();
    }
  }

  private void closeAfter(long seconds) {
    try {
      Thread.sleep(Duration.ofSeconds(seconds)); // the limit itself; ends at once with the answer
      channel.close();
    } catch (InterruptedException _) {
      // the answer came in time
    } catch (IOException _) {
      // whoever waits learns of it
    }
  }

  /// Sends without waiting; [#receive] gets the answer. For [AdminRequest.Subscribe].
  public void send(AdminRequest request) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap((RequestCodec.encode(request) + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /// The next answer of the node. Where it is that the request was none, and node and tool are not
  /// of the same version, it says so.
  public AdminAnswer receive() throws IOException {
    AdminAnswer answer = next();
    if (!(answer instanceof AdminAnswer.Failed(String text))) {
      return answer;
    }
    send(new AdminRequest.Hello());
    return next() instanceof AdminAnswer.Info info
        ? new AdminAnswer.Failed(text + difference(info.version()))
        : answer;
  }

  private static String difference(AdminVersion node) {
    if (node.equals(AdminVersion.OWN)) {
      return "";
    }
    return "\nThe node runs %s, this tool is of %s.%s"
        .formatted(
            node,
            AdminVersion.OWN,
            node.protocol() < AdminVersion.OWN.protocol()
                ? " A node goes on with the version that it was started with (docs/upgrading.md)."
                : "");
  }

  private AdminAnswer next() throws IOException {
    String text = readLine();
    try {
      return AnswerCodec.decode(text);
    } catch (AdminFormatException bad) {
      throw new IOException("the node's answer is unreadable: " + bad.getMessage(), bad);
    }
  }

  private String readLine() throws IOException {
    int searched = lineStart;
    while (true) {
      for (; searched < filled; searched++) {
        if (line[searched] == '\n') {
          String text = new String(line, lineStart, searched - lineStart, StandardCharsets.UTF_8);
          lineStart = searched + 1;
          return text;
        }
      }
      searched -= lineStart;
      makeRoom();
      int got = channel.read(ByteBuffer.wrap(line, filled, line.length - filled));
      if (got < 0) {
        throw new IOException("the node closed the admin connection");
      }
      filled += got;
    }
  }

  /// Moves the unfinished line to the front and makes sure that there is space behind it.
  private void makeRoom() throws IOException {
    System.arraycopy(line, lineStart, line, 0, filled - lineStart);
    filled -= lineStart;
    lineStart = 0;
    if (filled == line.length) {
      if (filled >= LINE_MAX_BYTES) {
        throw new IOException("the node's answer is longer than " + LINE_MAX_BYTES + " bytes");
      }
      line = Arrays.copyOf(line, line.length * 2);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
