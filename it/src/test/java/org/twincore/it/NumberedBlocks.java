package org.twincore.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.twincore.host.nbd.NbdClient;

/// Writes numbered, checksummed blocks and knows what each block may hold: its last acknowledged
/// write, or one that was in flight when the connection was lost.
final class NumberedBlocks {
  private static final int BLOCK_BYTES = 4096;
  private static final int DEPTH = 16;
  private static final int WRITES_PER_FLUSH = 128;

  private final int blocks;
  private final RandomGenerator random;
  private final Map<Integer, Long> acknowledged = new HashMap<>();
  private final Map<Integer, Long> inFlight = new HashMap<>();
  private long lastNumber;
  private int refused;
  private long writes;

  NumberedBlocks(int blocks, RandomGenerator random) {
    this.blocks = blocks;
    this.random = random;
  }

  synchronized int acknowledgedBlocks() {
    return acknowledged.size();
  }

  /// Writes until the connection is lost or the thread is interrupted.
  void writeUntilLost(NbdClient client) {
    Semaphore room = new Semaphore(DEPTH);
    try {
      while (client.isConnected() && !Thread.currentThread().isInterrupted()) {
        int block = random.nextInt(blocks);
        long number = begin(block);
        if (number == 0) {
          continue;
        }
        room.acquire();
        byte[] bytes = content(block, number);
        client.pwriteAsync(
            bytes,
            0,
            BLOCK_BYTES,
            (long) block * BLOCK_BYTES,
            number % 50 == 0,
            failed -> {
              if (failed == null) {
                acknowledge(block, number);
              } else if (client.isConnected()) {
                refuse();
              }
              room.release();
            });
        if (number % WRITES_PER_FLUSH == 0) {
          flush(client, room);
        }
      }
      room.acquire(DEPTH);
    } catch (IOException lost) {
      // What was in flight stays so.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void flush(NbdClient client, Semaphore room) throws IOException, InterruptedException {
    room.acquire();
    client.flushAsync(failed -> {
      if (failed != null && client.isConnected()) {
        refuse();
      }
      room.release();
    });
  }

  /// Writes and flushes that were answered with an error.
  synchronized int refusedWrites() {
    return refused;
  }

  private synchronized void refuse() {
    refused++;
  }

  private synchronized long begin(int block) {
    if (inFlight.containsKey(block)) {
      return 0;
    }
    lastNumber++;
    inFlight.put(block, lastNumber);
    return lastNumber;
  }

  /// Writes that were answered, over all blocks.
  synchronized long acknowledgedWrites() {
    return writes;
  }

  private synchronized void acknowledge(int block, long number) {
    writes++;
    inFlight.remove(block);
    acknowledged.put(block, number);
  }

  /// Reads every block that was ever written; what is wrong, in words. What was in flight is
  /// settled as found.
  synchronized List<String> wrongBlocks(NbdClient client) throws IOException {
    List<String> wrong = new ArrayList<>();
    byte[] bytes = new byte[BLOCK_BYTES];
    List<Integer> written = new ArrayList<>(acknowledged.keySet());
    written.addAll(inFlight.keySet());
    for (int block : written) {
      client.pread(bytes, (long) block * BLOCK_BYTES);
      long found = number(block, bytes);
      long expected = acknowledged.getOrDefault(block, 0L);
      boolean right = found == expected || found == inFlight.getOrDefault(block, -2L);
      if (!right) {
        wrong.add(
            "block %d: acknowledged %d, in flight %s, found %d"
                .formatted(block, expected, inFlight.get(block), found));
      } else if (found > 0) {
        acknowledged.put(block, found);
      }
    }
    inFlight.clear();
    return wrong;
  }

  private static byte[] content(int block, long number) {
    ByteBuffer out = ByteBuffer.allocate(BLOCK_BYTES);
    out.putLong(block + 1L).putLong(number);
    while (out.remaining() > Long.BYTES) {
      out.putLong(number * 31 + out.position());
    }
    out.putLong(checksum(out.array()));
    return out.array();
  }

  private static long checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, BLOCK_BYTES - Long.BYTES);
    return crc.getValue();
  }

  /// 0 = never written, -1 = no write of this block.
  private static long number(int block, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    long first = in.getLong(0);
    if (first == 0 && in.getLong(8) == 0 && in.getLong(BLOCK_BYTES - Long.BYTES) == 0) {
      return 0;
    }
    boolean whole = first == block + 1L && in.getLong(BLOCK_BYTES - Long.BYTES) == checksum(bytes);
    return whole ? in.getLong(8) : -1;
  }
}
