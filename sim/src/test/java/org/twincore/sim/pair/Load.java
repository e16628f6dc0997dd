package org.twincore.sim.pair;

import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.testkit.Prng;

/// An application that keeps some requests in flight on one volume: writes of one to four blocks,
/// now and then a flush, a trim or zeroes.
final class Load {
  private final Pair pair;
  private final int node;
  private final int volume;
  private final Prng random;
  private final long blocks;
  private boolean stopped;
  private int inFlight;
  private int answered;
  private int failed;

  Load(Pair pair, int node, int volume, long seed, int depth) {
    this.pair = pair;
    this.node = node;
    this.volume = volume;
    this.random = new Prng(seed);
    this.blocks = Math.min(pair.volume(node, volume).sizeSectors() / 8 - 4, 1500);
    for (int i = 0; i < depth; i++) {
      next();
    }
  }

  private void next() {
    if (stopped) {
      return;
    }
    inFlight++;
    long cookie = pair.start(node, this::request);
    pair.whenAnswered(cookie, () -> answered(cookie));
  }

  private Event request(long cookie) {
    long block = random.nextLong(blocks);
    Extent extent = new Extent(block * 8, Pair.BLOCK * (1 + random.nextInt(4)));
    return switch (random.nextInt(20)) {
      case 0, 1, 2 -> new Event.AppFlush(volume, cookie);
      case 3 -> new Event.AppDiscard(volume, cookie, extent, Event.Discard.TRIM, false);
      case 4 -> new Event.AppDiscard(volume, cookie, extent, Event.Discard.ZERO_OUT, false);
      default -> {
        byte[] bytes = new byte[(int) extent.sizeBytes()];
        random.nextBytes(bytes);
        yield new Event.AppWrite(
            volume, cookie, extent.sector(), Payload.of(bytes), random.nextInt(10) == 0);
      }
    };
  }

  private void answered(long cookie) {
    inFlight--;
    answered++;
    if (!(pair.answer(cookie) instanceof Effect.AppDone)) {
      failed++;
    }
    next();
  }

  int answered() {
    return answered;
  }

  int failed() {
    return failed;
  }

  /// No new requests; those in flight end.
  void stop() {
    stopped = true;
    pair.await(() -> inFlight == 0, "the last answers of " + node + "/" + volume);
  }
}
