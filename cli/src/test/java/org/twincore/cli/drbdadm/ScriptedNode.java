package org.twincore.cli.drbdadm;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AnswerCodec;
import org.twincore.admin.RequestCodec;

/// An admin socket that answers as a test says and remembers what it was asked.
final class ScriptedNode implements AutoCloseable {
  private final ServerSocketChannel server;
  private final List<AdminRequest> asked = new CopyOnWriteArrayList<>();
  private final Function<AdminRequest, AdminAnswer> script;

  ScriptedNode(Path folder, String node, Function<AdminRequest, AdminAnswer> script)
      throws IOException {
    this.script = script;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(folder.resolve(node + ".sock")));
    Thread.ofVirtual().start(this::serve);
  }

  List<AdminRequest> asked() {
    return List.copyOf(asked);
  }

  private void serve() {
    while (server.isOpen()) {
      try (SocketChannel client = server.accept()) {
        answer(client);
      } catch (IOException | AdminFormatException _) {
        // the test is over, or it will miss its answer
      }
    }
  }

  private void answer(SocketChannel client) throws IOException, AdminFormatException {
    BufferedReader lines = new BufferedReader(Channels.newReader(client, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      AdminRequest request = RequestCodec.decode(line);
      asked.add(request);
      String answer = AnswerCodec.encode(script.apply(request)) + "\n";
      ByteBuffer bytes = ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        client.write(bytes);
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
