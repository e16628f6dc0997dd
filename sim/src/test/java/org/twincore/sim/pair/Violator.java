package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketEncoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// One node of a pair says what no honest peer says, and the other is watched: the first state that
/// it enters, what it logs, and that it writes, answers and clears nothing for that.
///
/// One block differs, and both nodes have it marked while they are Connected (a verify found it):
/// something is there that a false ack could clear.
final class Violator implements NodeWatcher {
  static final long MARKED_BLOCK = 10;
  static final long MARKED_SECTOR = MARKED_BLOCK * 8;
  private static final int MAGIC = 0x8620ec20;
  private static final long LOOK_MILLIS = 300;
  private static final long BACKING_BYTES = 1 << 20;

  final Pair pair;
  private final SimNode victim;
  private final SimNode liar;
  private final Map<PacketType.Stream, Long> sockets = new EnumMap<>(PacketType.Stream.class);
  private final List<ConnectionState> entered = new ArrayList<>();
  private final List<String> log = new ArrayList<>();
  private final List<Effect> done = new ArrayList<>();
  private boolean isWatching;
  private long marksBefore;
  private long marksAtEnd;
  private byte[] dataBefore = {};

  private Violator(Pair pair, int victim) {
    this.pair = pair;
    this.victim = pair.nodes[victim];
    this.liar = pair.nodes[1 - victim];
    this.victim.watch(this);
    this.liar.watch(this);
  }

  /// The first node is Primary and in sync with the other but for one block; node `victim` hears
  /// the lies.
  static Violator against(int victim, Pair.Setup setup) throws MetadataException {
    Pair pair =
        setup.net(Option.VERIFY_ALG, "crc32c").backing(BACKING_BYTES, BACKING_BYTES).primary();
    Violator violator = new Violator(pair, victim);
    byte[] rotten = new byte[Pair.BLOCK];
    rotten[0] = 66;
    pair.nodes[1].drive(0).data().write(MARKED_BLOCK * Pair.BLOCK, rotten, 0, Pair.BLOCK, true);
    pair.ok(
        0,
        new AdminCommand.Verify(
            0, OptionalLong.of(MARKED_SECTOR), OptionalLong.of(MARKED_SECTOR + 8)));
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.awaitConn(1, ConnectionState.CONNECTED);
    pair.run(100);
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(1);
    assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(1);
    violator.watchFromNowOn();
    return violator;
  }

  /// Two nodes as they are; watches from the first moment on.
  static Violator of(Pair pair, int victim) {
    Violator violator = new Violator(pair, victim);
    violator.isWatching = true;
    return violator;
  }

  /// What happened until now does not count.
  void watchFromNowOn() {
    isWatching = true;
    entered.clear();
    log.clear();
    done.clear();
    marksBefore = marks();
    dataBefore = data();
  }

  private long marks() {
    return pair.volume(victim.id()).outOfSyncBlocks();
  }

  private byte[] data() {
    long blocks = victim.drive(0).dataBlocks();
    ByteBuffer all = ByteBuffer.allocate((int) blocks * Pair.BLOCK);
    for (long block = 0; block < blocks; block++) {
      all.put(victim.drive(0).data().block(block));
    }
    return all.array();
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (node == liar && effect instanceof Effect.Send send) {
      sockets.put(send.packet().type().stream(), send.socket());
    }
    if (node != victim || !isWatching) {
      return;
    }
    switch (effect) {
      case Effect.Log(var _, String text) -> log.add(text);
      case Effect.StateChanged changed when changed.before().conn() != changed.after().conn() -> {
        if (entered.isEmpty()) {
          marksAtEnd = marks();
        }
        entered.add(changed.after().conn());
      }
      case Effect.WriteLocal _, Effect.DiscardLocal _, Effect.OfApplication _ -> {
        if (entered.isEmpty()) {
          done.add(effect);
        }
      }
      default -> {}
    }
  }

  // ---- lies

  /// As a packet of volume 0 on the socket of its type.
  void say(Packet packet, @Nullable Payload payload) {
    say(packet.type().stream(), 0, packet, payload);
  }

  void say(Packet packet) {
    say(packet, null);
  }

  void say(PacketType.Stream on, int volume, Packet packet, @Nullable Payload payload) {
    ByteBuffer bytes = ByteBuffer.allocate(PacketEncoder.BYTES_MAX + packet.payloadBytes());
    PacketEncoder.encode(Framing.H100, volume, packet, bytes);
    if (payload != null) {
      payload.copyTo(bytes);
    }
    noise(on, Arrays.copyOf(bytes.array(), bytes.position()));
  }

  /// A header of protocol 100, and as many bytes of zero as it says.
  static byte[] frame(int command, int volume, int bodyBytes) {
    return ByteBuffer.allocate(Framing.H100.headerBytes() + bodyBytes)
        .putInt(MAGIC)
        .putShort((short) volume)
        .putShort((short) command)
        .putInt(bodyBytes)
        .array();
  }

  void noise(PacketType.Stream on, byte[] bytes) {
    liar.noise(Objects.requireNonNull(sockets.get(on), on.toString()), bytes);
  }

  // ---- what becomes of them

  /// The victim enters `state` first of all, and its log has a line with all of `words`.
  void assertEnds(ConnectionState state, String... words) {
    pair.await(() -> !entered.isEmpty(), "the end of the connection; the log says " + log);
    assertThat(entered.getFirst()).as("%s", log).isEqualTo(state);
    assertLogged(words);
    assertThat(done).as("written or answered for a lie").isEmpty();
    if (state == ConnectionState.DISCONNECTING) {
      pair.awaitConn(victim.id(), ConnectionState.STAND_ALONE);
      pair.connect(victim.id());
    }
  }

  /// The same, and no trace of the lie is left: the block is still marked when the connection ends,
  /// the two meet again and copy it, and on the disk nothing else has changed.
  void assertEndsWithoutTrace(ConnectionState state, String... words) {
    assertEnds(state, words);
    assertThat(marksAtEnd).as("blocks marked when it ended").isEqualTo(marksBefore);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    byte[] now = data();
    int from = (int) MARKED_BLOCK * Pair.BLOCK;
    System.arraycopy(dataBefore, from, now, from, Pair.BLOCK);
    assertThat(Arrays.mismatch(now, dataBefore)).as("first byte that changed").isEqualTo(-1);
  }

  /// The victim goes on as if nothing was said, but for `moreMarks` blocks out of sync.
  void assertGoesOn(int moreMarks, String... words) {
    pair.run(LOOK_MILLIS);
    assertThat(entered).as("%s", log).isEmpty();
    assertThat(done).as("written or answered for a lie").isEmpty();
    assertThat(marks()).as("blocks marked").isEqualTo(marksBefore + moreMarks);
    assertDiskIsAsBefore();
    assertLogged(words);
  }

  void assertLogged(String... words) {
    if (words.length > 0) {
      assertThat(log).anySatisfy(line -> assertThat(line).contains(words));
    }
  }

  private void assertDiskIsAsBefore() {
    assertThat(Arrays.mismatch(data(), dataBefore)).as("first byte that changed").isEqualTo(-1);
  }

  /// Blocks that were marked out of sync when the victim gave the connection up.
  long marksAtEnd() {
    return marksAtEnd;
  }

  /// What was written and answered until now was no lie's work.
  void forgetDone() {
    done.clear();
  }

  void assertStillConnected() {
    assertThat(entered).as("%s", log).isEmpty();
  }

  /// Whether the victim came to `state` since.
  boolean has(ConnectionState state) {
    return entered.contains(state);
  }

  boolean hasLogged(String words) {
    return log.stream().anyMatch(line -> line.contains(words));
  }

  /// Whether the victim has answered an application since.
  boolean hasAnswered() {
    return done.stream().anyMatch(Effect.OfApplication.class::isInstance);
  }
}
