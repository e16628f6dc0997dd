package org.twincore.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AnswerCodec;
import org.twincore.admin.RequestCodec;

/// A tool's side of the admin socket, as plain as can be.
public final class AdminTestClient implements AutoCloseable {
  private final SocketChannel channel;
  private final BufferedReader reader;

  private AdminTestClient(SocketChannel channel) {
    this.channel = channel;
    this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  public static AdminTestClient connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return new AdminTestClient(channel);
  }

  public AdminAnswer ask(AdminRequest request) throws IOException, AdminFormatException {
    sendLine(RequestCodec.encode(request));
    return receive();
  }

  public void sendLine(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  public AdminAnswer receive() throws IOException, AdminFormatException {
    String line = reader.readLine();
    if (line == null) {
      throw new IOException("the node closed the connection");
    }
    return AnswerCodec.decode(line);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
