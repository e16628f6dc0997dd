package org.twincore.daemon.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.daemon.AdminTestClient;

@Timeout(20)
class AdminServerTest {
  @TempDir Path folder;

  /// Answers with the request's own words; `down` waits for the client to leave.
  private static final class Echo implements AdminDesk {
    private final CountDownLatch left = new CountDownLatch(1);

    @Override
    public AdminAnswer answer(AdminRequest request, Caller caller) {
      if (request instanceof AdminRequest.Down) {
        CountDownLatch gone = new CountDownLatch(1);
        caller.whenGone(gone::countDown);
        try {
          gone.await();
        } catch (InterruptedException _) {
          return new AdminAnswer.Failed("interrupted");
        }
        left.countDown();
      }
      if (request instanceof AdminRequest.Shutdown) {
        throw new IllegalStateException("a fault");
      }
      return new AdminAnswer.Text(request.toString());
    }

    @Override
    public void stream(AdminRequest.Subscribe request, Caller caller, Consumer<AdminAnswer> lines) {
      lines.accept(new AdminAnswer.Line("one"));
      lines.accept(new AdminAnswer.Line("two"));
    }
  }

  private Path socket() {
    return folder.resolve("a.sock");
  }

  @Test
  void answersRequestsInOrderAndSurvivesBadOnes() throws Exception {
    try (AdminServer _ = AdminServer.open(socket(), new Echo());
        AdminTestClient client = AdminTestClient.connect(socket())) {
      assertThat(client.ask(new AdminRequest.Hello())).isEqualTo(new AdminAnswer.Text("Hello[]"));
      client.sendLine("{\"request\":\"dance\"}");
      assertThat(client.receive()).isEqualTo(new AdminAnswer.Failed("unknown request \"dance\""));
      client.sendLine("\u0000\u0001{{{");
      assertThat(client.receive()).isInstanceOf(AdminAnswer.Failed.class);
      assertThat(client.ask(new AdminRequest.Shutdown()))
          .isInstanceOfSatisfying(
              AdminAnswer.Failed.class, failed -> assertThat(failed.text()).contains("a fault"));
      client.sendLine("{\"request\":\"subscribe\"}");
      assertThat(client.receive()).isEqualTo(new AdminAnswer.Line("one"));
      assertThat(client.receive()).isEqualTo(new AdminAnswer.Line("two"));
      assertThat(client.receive()).isEqualTo(new AdminAnswer.End());
      assertThat(client.ask(new AdminRequest.Status(Optional.of("r0"))))
          .isEqualTo(new AdminAnswer.Text("Status[resource=Optional[r0]]"));
    }
  }

  @Test
  void isForItsOwnerAloneAndGoneAfterwards() throws IOException {
    try (AdminServer _ = AdminServer.open(socket(), new Echo())) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
          .isEqualTo("rw-------");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void takesThePlaceOfADeadSocketOnly() throws IOException {
    ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    dead.bind(UnixDomainSocketAddress.of(socket()));
    dead.close();
    try (AdminServer _ = AdminServer.open(socket(), new Echo())) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> AdminServer.open(socket(), new Echo()))
          .withMessageContaining("a node answers");
    }
  }

  @Test
  void leavesAFileThatIsNoSocket() throws IOException {
    Files.writeString(socket(), "precious");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> AdminServer.open(socket(), new Echo()))
        .withMessageContaining("no socket");
    assertThat(socket()).hasContent("precious");
  }

  @Test
  void tellsTheDeskWhenAWaitingClientLeaves() throws Exception {
    Echo desk = new Echo();
    try (AdminServer _ = AdminServer.open(socket(), desk)) {
      AdminTestClient client = AdminTestClient.connect(socket());
      client.sendLine("{\"request\":\"down\",\"resource\":\"r0\"}");
      client.close();

      assertThat(desk.left.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void cutsAClientOffWhoseLineNeverEnds() throws Exception {
    try (AdminServer _ = AdminServer.open(socket(), new Echo());
        AdminTestClient client = AdminTestClient.connect(socket());
        AdminTestClient other = AdminTestClient.connect(socket())) {
      String half = "x".repeat(1 << 19);
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> {
            client.sendLine(half + half + half);
            client.receive();
          });
      assertThat(other.ask(new AdminRequest.Hello())).isEqualTo(new AdminAnswer.Text("Hello[]"));
    }
  }
}
