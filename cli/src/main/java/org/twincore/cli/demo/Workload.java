package org.twincore.cli.demo;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import org.twincore.host.nbd.NbdClient;

/// Writes numbered, checksummed blocks over one NBD connection, several at once, with a flush now
/// and then, until told to stop or until the connection is lost.
final class Workload {
  private static final int DEPTH = 8;
  private static final int WRITES_PER_FLUSH = 64;
  private static final int BLOCKS_PER_EXTENT = 1024;

  private final NbdClient client;
  private final Ledger ledger;
  private final RandomGenerator random;
  private final long[] extents;
  private final Semaphore room = new Semaphore(DEPTH);
  private volatile boolean stopped;
  private volatile boolean lost;

  /// `extents` are the numbers of the 4 MiB extents to write to.
  Workload(NbdClient client, Ledger ledger, RandomGenerator random, long[] extents) {
    this.client = client;
    this.ledger = ledger;
    this.random = random;
    this.extents = extents.clone();
  }

  /// Runs until [#stop] (then everything is answered and flushed) or until the connection is lost.
  /// True if it was not lost.
  boolean run() {
    try {
      for (int sent = 1; !stopped && !lost; sent++) {
        write();
        if (sent % WRITES_PER_FLUSH == 0) {
          client.flush();
          ledger.flushed();
        }
      }
      room.acquire(DEPTH);
      room.release(DEPTH);
      if (!lost) {
        client.flush();
        ledger.flushed();
      }
    } catch (IOException failed) {
      lost = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !lost;
  }

  void stop() {
    stopped = true;
  }

  private void write() throws IOException, InterruptedException {
    long extent = extents[random.nextInt(extents.length)];
    long block = extent * BLOCKS_PER_EXTENT + random.nextInt(BLOCKS_PER_EXTENT);
    long number = ledger.begin(block);
    if (number == 0) {
      return;
    }
    room.acquire();
    byte[] bytes = Stamp.write(block, number);
    client.pwriteAsync(
        bytes,
        0,
        bytes.length,
        block * Stamp.BLOCK_BYTES,
        false,
        failed -> {
          if (failed == null) {
            ledger.acknowledged(block, number);
          } else {
            lost = true;
          }
          room.release();
        });
  }
}
