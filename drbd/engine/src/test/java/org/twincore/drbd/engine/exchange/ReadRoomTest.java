package org.twincore.drbd.engine.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A peer that asks for reads and does not take the replies costs no more than the room.
final class ReadRoomTest {
  private static final int MIB = 1 << 20;
  private final ReadRoom room = new ReadRoom();
  private final List<ReadRoom.Place> admitted = new ArrayList<>();

  @Test
  void whatDoesNotFitWaitsUntilRepliesAreHandedOver() {
    for (int read = 0; read < 1000; read++) {
      room.enter(MIB, admitted::add);
    }
    assertThat(admitted).hasSize(32);
    for (int read = 0; read < 32; read++) {
      room.sent(admitted.get(read), 100 + read);
    }
    assertThat(admitted).hasSize(32);
    room.handedOver(109);
    assertThat(admitted).hasSize(42);
    room.handedOver(131);
    assertThat(admitted).hasSize(64);
  }

  @Test
  void aReadThatCameToNothingMakesRoom() {
    for (int read = 0; read < 40; read++) {
      room.enter(MIB, admitted::add);
    }
    room.leave(admitted.getFirst());
    assertThat(admitted).hasSize(33);
  }

  @Test
  void aReadLargerThanTheRoomGoesAlone() {
    room.enter(100L * MIB, admitted::add);
    room.enter(1, admitted::add);
    assertThat(admitted).hasSize(1);
    room.leave(admitted.getFirst());
    assertThat(admitted).hasSize(2);
  }

  /// All that wait find that they are too late, one behind the other.
  @Test
  void aLostConnectionEmptiesIt() {
    for (int read = 0; read < 32; read++) {
      room.enter(MIB, place -> room.sent(place, 1));
    }
    for (int read = 0; read < 100_000; read++) {
      room.enter(
          MIB,
          place -> {
            admitted.add(place);
            room.leave(place);
          });
    }
    assertThat(admitted).isEmpty();
    room.connectionLost();
    assertThat(admitted).hasSize(100_000);
    room.enter(32L * MIB, admitted::add);
    assertThat(admitted).hasSize(100_001);
  }
}
