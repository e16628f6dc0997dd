package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;

/// Two real nodes that are configured differently: they say what differs and stay apart, the
/// Primary serves on, and once corrected they are together again.
@Timeout(120)
class DisagreeingPeersTest {
  private static final int DISK_BYTES = 8 << 20;
  private static final String SECRET = "cram-hmac-alg sha1; shared-secret right;";

  @TempDir Path folder;
  private TappedPair pair;

  @BeforeEach
  void agree() throws IOException {
    pair = new TappedPair(folder, DISK_BYTES, SECRET);
    pair.a.awaitState("Connected", "Inconsistent/Inconsistent");
    pair.a.drbdadm("primary", "--force", "r0");
    pair.a.awaitState("Connected", "UpToDate/UpToDate");
  }

  @AfterEach
  void end() throws IOException {
    pair.close();
  }

  @Test
  void theWrongSecret() throws IOException {
    String unknown = "the peer does not know the shared-secret";
    stayApart("cram-hmac-alg sha1; shared-secret wrong;", unknown, unknown);
  }

  @Test
  void aSecretAtOneNodeOnly() throws IOException {
    String question = "is cram-hmac-alg set on both nodes?";
    stayApart("", question, question);
  }

  @Test
  void anotherDigest() throws IOException {
    String question = "is cram-hmac-alg the same on both?";
    stayApart("cram-hmac-alg sha256; shared-secret right;", question, question);
  }

  @Test
  void anotherProtocol() throws IOException {
    stayApart(
        SECRET + " protocol A;",
        "protocol differs: here 3, at the peer 1",
        "protocol differs: here 1, at the peer 3");
  }

  private void stayApart(String net, String logged, String orThere) throws IOException {
    Path config = folder.resolve("b.conf");
    String right = Files.readString(config);
    pair.b.drbdadm("disconnect", "r0");
    Files.writeString(config, right.replace("net { " + SECRET + " }", "net { " + net + " }"));
    pair.b.drbdadm("connect", "r0");
    pair.a.awaitLog(logged, pair.b, orThere);
    try (NbdClient client = pair.a.nbd()) {
      client.pwriteDurably(new byte[4096], 4096);
    }
    assertThat(pair.a.volume().orElseThrow().connection()).isNotEqualTo("Connected");
    assertThat(pair.b.isAnswering()).isTrue();

    Files.writeString(config, right);
    for (NodeProcess node : new NodeProcess[] {pair.a, pair.b}) {
      node.drbdadm("disconnect", "r0");
      node.drbdadm("connect", "r0");
    }
    pair.a.awaitState("Connected", "UpToDate/UpToDate");
    assertThat(pair.b.volume().orElseThrow().disk()).isEqualTo("UpToDate");
  }
}
