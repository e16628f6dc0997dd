package org.twincore.drbd.engine.request;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.Extent;

/// Who waits for whom between own requests and the peer's writes (drbd-wire section 9).
class ConflictGateTest {
  private final ConflictGate gate = new ConflictGate(() -> true);
  private final List<String> ran = new ArrayList<>();

  private static Extent blocks(long first, int count) {
    return new Extent(first * 8, count * 4096L);
  }

  private ConflictGate.Place outgoing(Extent extent) {
    ConflictGate.Place[] place = new ConflictGate.Place[1];
    gate.enterWrite(extent, it -> place[0] = it);
    gate.goesOut(place[0], true, true);
    return place[0];
  }

  @Test
  void aWriteWithinOneThatIsOutIsSuperseded() {
    ConflictGate.Place own = outgoing(blocks(10, 4));
    assertThat(gate.judge(blocks(11, 2))).isEqualTo(new ConflictGate.Verdict.Superseded(own));
    assertThat(gate.judge(blocks(10, 4))).isEqualTo(new ConflictGate.Verdict.Superseded(own));
    assertThat(gate.judge(blocks(12, 4))).isEqualTo(new ConflictGate.Verdict.Retry());
    assertThat(gate.judge(blocks(14, 1))).isEqualTo(new ConflictGate.Verdict.Write());
  }

  @Test
  void onlyAWriteOfThePeerThatIsHereCoversAnOwnOne() {
    ConflictGate.Place own = outgoing(blocks(10, 2));
    assertThat(gate.isCovered(own)).isFalse();
    ConflictGate.Place part = gate.arrive(blocks(11, 2));
    assertThat(gate.isCovered(own)).isFalse();
    ConflictGate.Place all = gate.arrive(blocks(9, 3));
    assertThat(gate.isCovered(own)).isTrue();
    gate.leave(all);
    gate.leave(part);
    assertThat(gate.isCovered(own)).isFalse();
  }

  /// What the peer has acked is older than what it sends now, however slow the own disk is.
  @Test
  void aWriteThatThePeerHasSupersedesNothingAndIsWaitedFor() {
    ConflictGate.Place own = outgoing(blocks(10, 1));
    gate.peerAnswered(own);
    assertThat(gate.judge(blocks(10, 1))).isEqualTo(new ConflictGate.Verdict.Write());
    ConflictGate.Place peer = gate.arrive(blocks(10, 1));
    gate.awaitTurn(peer, () -> ran.add("peer"), () -> ran.add("dropped"));
    assertThat(ran).isEmpty();
    gate.leave(own);
    assertThat(ran).containsExactly("peer");
  }

  @Test
  void anOwnWriteThatIsNotOutGivesWayAndComesBack() {
    ConflictGate.Place[] own = new ConflictGate.Place[1];
    gate.enterWrite(
        blocks(10, 1),
        it -> {
          own[0] = it;
          ran.add("own");
        });
    ConflictGate.Place peer = gate.arrive(blocks(10, 1));
    assertThat(gate.mustGiveWay(own[0])).isTrue();
    gate.giveWay(own[0]);
    gate.awaitTurn(peer, () -> ran.add("peer"), () -> {});
    gate.leave(peer);
    assertThat(ran).containsExactly("own", "peer", "own");
    assertThat(gate.mustGiveWay(own[0])).isFalse();
  }

  @Test
  void readsWaitForWritesOfBothAndThePeerForReads() {
    ConflictGate.Place own = outgoing(blocks(10, 1));
    gate.enterRead(blocks(10, 1), _ -> ran.add("read behind own"));
    assertThat(ran).isEmpty();
    gate.leave(own);
    assertThat(ran).containsExactly("read behind own");
    ran.clear();
    ConflictGate.Place[] read = new ConflictGate.Place[1];
    gate.enterRead(blocks(20, 1), it -> read[0] = it);
    ConflictGate.Place peer = gate.arrive(blocks(20, 1));
    gate.awaitTurn(peer, () -> ran.add("peer"), () -> {});
    gate.enterRead(blocks(20, 1), _ -> ran.add("later read"));
    assertThat(ran).isEmpty();
    gate.leave(read[0]);
    assertThat(ran).containsExactly("peer");
    gate.leave(peer);
    assertThat(ran).containsExactly("peer", "later read");
  }

  @Test
  void aPostponedWriteComesBackBehindThePeers() {
    ConflictGate.Place[] own = new ConflictGate.Place[1];
    gate.enterWrite(
        blocks(10, 2),
        it -> {
          own[0] = it;
          ran.add("own");
        });
    gate.goesOut(own[0], true, true);
    ConflictGate.Place peer = gate.arrive(blocks(11, 2));
    gate.awaitTurn(peer, () -> ran.add("peer"), () -> {});
    gate.postpone(own[0]);
    gate.enterRead(blocks(10, 1), _ -> ran.add("read"));
    gate.leave(peer);
    assertThat(ran).as("nobody sees half of it").containsExactly("own", "peer", "own");
  }

  @Test
  void aLostConnectionDropsThePeersWritesThatWait() {
    outgoing(blocks(10, 1));
    ConflictGate.Place peer = gate.arrive(blocks(10, 1));
    gate.awaitTurn(peer, () -> ran.add("peer"), () -> ran.add("dropped"));
    gate.connectionLost();
    assertThat(ran).containsExactly("dropped");
  }

  @Test
  void theNumbersOfThePeerWrapAround() {
    PeerSequence sequence = new PeerSequence();
    assertThat(sequence.isDue(1)).isTrue();
    assertThat(sequence.isDue(2)).isFalse();
    sequence.seen(Integer.MAX_VALUE);
    assertThat(sequence.isDue(Integer.MIN_VALUE)).isTrue();
    assertThat(sequence.isDue(Integer.MIN_VALUE + 1)).isFalse();
    sequence.seen(Integer.MIN_VALUE);
    assertThat(sequence.isDue(Integer.MIN_VALUE + 1)).isTrue();
    sequence.seen(Integer.MAX_VALUE - 4);
    assertThat(sequence.isDue(Integer.MIN_VALUE + 1)).as("an old number").isTrue();
  }
}
