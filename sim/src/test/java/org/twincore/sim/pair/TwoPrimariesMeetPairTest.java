package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.meta.MetadataException;

/// Two Primaries with `allow-two-primaries` wrote without each other and meet: `after-sb-2pri`.
class TwoPrimariesMeetPairTest {
  private static final int FIRST = 10;
  private static final int SECOND = 12;

  private static Pair split(int firstBlocks, int secondBlocks, String two, String conflict)
      throws MetadataException {
    Pair.Setup setup =
        new Pair.Setup()
            .net(Option.CRAM_HMAC_ALG, "sha1")
            .net(Option.SHARED_SECRET, "123456")
            .net(Option.AFTER_SB_0PRI, "discard-least-changes")
            .net(Option.AFTER_SB_1PRI, "violently-as0p")
            .net(Option.AFTER_SB_2PRI, two)
            .net(Option.RR_CONFLICT, conflict);
    setup.net = setup.net.with(Option.ALLOW_TWO_PRIMARIES, true);
    Pair pair = setup.primary();
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(0, 100, 1);
    pair.write(1, 101, 2);
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    write(pair, 0, FIRST, firstBlocks);
    write(pair, 1, SECOND, secondBlocks);
    pair.network.open(0, true);
    return pair;
  }

  private static void write(Pair pair, int node, int from, int blocks) {
    for (int block = from; block < from + blocks; block++) {
      pair.write(node, block, node + 1);
    }
  }

  /// The combination of the chapter, word for word: whoever wrote less goes on, as Primary, with
  /// the data of the other one.
  @ParameterizedTest
  @CsvSource({"9,4,0", "4,9,1"})
  void theChaptersCombination(int firstBlocks, int secondBlocks, int winner)
      throws MetadataException {
    Pair pair = split(firstBlocks, secondBlocks, "violently-as0p", "violently");
    pair.awaitUpToDate();
    for (int id = 0; id < 2; id++) {
      assertThat(pair.state(id).role()).isEqualTo(Role.PRIMARY);
      for (int block = FIRST; block < SECOND + 10; block++) {
        int from = winner == 0 ? FIRST : SECOND;
        int until = from + (winner == 0 ? firstBlocks : secondBlocks);
        int expected = block >= from && block < until ? winner + 1 : 0;
        assertThat(pair.read(id, block)).as("block %d", block).isEqualTo(expected);
      }
    }
    pair.write(0, FIRST, 7);
    pair.write(1, FIRST + 1, 8);
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// The winner's node waits, the loser's gives the connection up, and both keep what they have.
  @ParameterizedTest
  @ValueSource(strings = {"disconnect", "call-pri-lost-after-sb"})
  void theyPart(String two) throws MetadataException {
    Pair pair = split(4, 9, two, "violently");
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    for (int id = 0; id < 2; id++) {
      assertThat(pair.state(id).role()).isEqualTo(Role.PRIMARY);
    }
    assertThat(pair.read(0, FIRST)).isEqualTo(1);
    assertThat(pair.read(1, SECOND + 8)).isEqualTo(2);
  }

  /// `rr-conflict` has the last word.
  @ParameterizedTest
  @ValueSource(strings = {"disconnect", "call-pri-lost"})
  void noPrimaryIsOverwrittenUnlessTold(String conflict) throws MetadataException {
    Pair pair = split(4, 9, "violently-as0p", conflict);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    assertThat(pair.read(0, FIRST)).isEqualTo(1);
    assertThat(pair.read(1, SECOND + 8)).isEqualTo(2);
  }
}
