package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// `shared-secret` in the lengths that the configuration lets through: each of its bytes counts.
class SecretPairTest {
  private static final int BYTES_MAX = 63;

  /// The key is shorter and longer than the blocks of none of them; sha512 answers with 64 bytes.
  @ParameterizedTest
  @ValueSource(strings = {"md5", "sha1", "sha256", "sha512"})
  void theLongestSecretProvesBothNodes(String algorithm) throws MetadataException {
    Pair pair =
        new Pair.Setup()
            .net(Option.CRAM_HMAC_ALG, algorithm)
            .net(Option.SHARED_SECRET, "s".repeat(BYTES_MAX))
            .primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    Overheard overheard = Overheard.of(pair);
    pair.connect(0);
    pair.awaitUpToDate();
    assertThat(overheard.of(PacketType.AUTH_RESPONSE)).hasSizeGreaterThanOrEqualTo(2);
  }

  /// The last of 63 bytes is another one, or is missing.
  @ParameterizedTest
  @CsvSource({"62, t", "62, ''", "0, s", "1, ''"})
  void aSecretThatDiffersInOneByteIsRefused(int same, String last) throws MetadataException {
    String secret = "s".repeat(BYTES_MAX);
    Pair pair =
        new Pair.Setup()
            .net(Option.CRAM_HMAC_ALG, "sha1")
            .net(Option.SHARED_SECRET, secret)
            .primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    List<String> log = new ArrayList<>();
    NodeWatcher reader =
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.Log said) {
              log.add(node.name() + ": " + said.text());
            }
          }
        };
    pair.nodes[0].watch(reader);
    pair.nodes[1].watch(reader);
    pair.ok(
        0,
        new AdminCommand.Connect(
            pair.net().with(Option.SHARED_SECRET, "s".repeat(same) + last), false, false));
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    pair.run(1_000);
    assertThat(log).anyMatch(line -> line.contains("the peer does not know the shared-secret"));
    assertThat(log).noneMatch(line -> line.contains("agreed on protocol"));
  }
}
