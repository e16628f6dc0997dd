package org.twincore.bench;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Commands to a QEMU process at its monitor socket (QMP: one JSON object a line).
final class QemuMonitor implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocate(BUFFER_BYTES).limit(0);

  QemuMonitor(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    line(); // the greeting
    ask("{\"execute\": \"qmp_capabilities\"}");
  }

  /// What the command returns; events that come first are passed over.
  JsonTree ask(String command) throws IOException {
    ByteBuffer out = ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8));
    while (out.hasRemaining()) {
      channel.write(out);
    }
    while (true) {
      JsonTree answer = JsonTree.parse(line());
      if (answer.has("error")) {
        throw new IOException(command + ": " + answer.at("error").text());
      }
      if (answer.has("return")) {
        return answer.at("return");
      }
    }
  }

  private String line() throws IOException {
    StringBuilder text = new StringBuilder();
    while (true) {
      while (in.hasRemaining()) {
        char next = (char) in.get();
        if (next == '\n') {
          return text.toString();
        }
        text.append(next);
      }
      in.clear();
      if (channel.read(in) < 0) {
        throw new IOException("the monitor closed");
      }
      in.flip();
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
