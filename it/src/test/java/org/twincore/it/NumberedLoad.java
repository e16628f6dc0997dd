package org.twincore.it;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.host.nbd.NbdClient;

/// [NumberedBlocks] through a client of our own: each block may be overwritten again and again, and
/// one that was in flight must be old or new.
final class NumberedLoad implements VerifiedLoad {
  private static final long WAIT_SECONDS = 60L * Patience.FACTOR;

  private final NumberedBlocks blocks;
  private @Nullable NbdClient client;
  private @Nullable Thread writer;

  NumberedLoad(int blocks, RandomGenerator random) {
    this.blocks = new NumberedBlocks(blocks, random);
  }

  @Override
  public void begin(NbdAddress device) throws IOException {
    NbdClient connected = device.connect();
    client = connected;
    writer = new Thread(() -> blocks.writeUntilLost(connected), "writer");
    writer.start();
  }

  /// Whether it still writes and every answer was a good one.
  boolean isUndisturbed() {
    return writer != null && writer.isAlive() && blocks.refusedWrites() == 0;
  }

  /// Waits until that many more writes were answered.
  void awaitWrites(int more) throws InterruptedException {
    long wanted = blocks.acknowledgedWrites() + more;
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (blocks.acknowledgedWrites() < wanted) {
      if (System.nanoTime() > until) {
        throw new AssertionError("no write is answered any more");
      }
      Thread.sleep(20);
    }
  }

  @Override
  public void end() throws IOException, InterruptedException {
    if (writer != null && client != null) {
      writer.interrupt();
      writer.join();
      client.close();
    }
  }

  @Override
  public List<String> lost(NbdAddress device) throws IOException {
    try (NbdClient reader = device.connect()) {
      return blocks.wrongBlocks(reader);
    }
  }

  @Override
  public long answered() {
    return blocks.acknowledgedBlocks();
  }
}
