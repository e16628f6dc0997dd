package org.twincore.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.twincore.host.nbd.NbdClient;
import org.twincore.testkit.RegisterHistory;

/// Clients of several nodes that read and write the same few blocks, and what each saw in which
/// order of beginnings and ends.
final class BlockHistory {
  static final int BLOCK = 4096;
  private static final int HOT_BLOCKS = 16;

  private final AtomicLong moment = new AtomicLong();
  private final AtomicLong lastValue = new AtomicLong();
  private final ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final List<Thread> clients = new ArrayList<>();
  private volatile boolean isEnough;

  private record Told(boolean writes, long block, long value, long from, long to) {}

  /// Starts a client of that node; it ends by itself.
  void start(NodeProcess node, long seed, int requests) {
    clients.add(
        Thread.ofVirtual()
            .start(() -> {
              try (NbdClient client = node.nbd()) {
                run(client, new SplittableRandom(seed), requests);
              } catch (IOException | RuntimeException e) {
                failures.add(e);
              }
            }));
  }

  private void run(NbdClient client, SplittableRandom random, int requests) throws IOException {
    for (int i = 0; i < requests && !isEnough; i++) {
      long block = random.nextInt(HOT_BLOCKS);
      byte[] bytes = new byte[BLOCK];
      long from = moment.incrementAndGet();
      if (random.nextBoolean()) {
        long value = lastValue.incrementAndGet();
        ByteBuffer.wrap(bytes).putLong(value).putLong(BLOCK - Long.BYTES, value);
        long to = RegisterHistory.NEVER;
        try {
          client.pwrite(bytes, block * BLOCK);
          to = moment.incrementAndGet();
        } finally {
          told.add(new Told(true, block, value, from, to));
        }
      } else {
        client.pread(bytes, block * BLOCK);
        long value = ByteBuffer.wrap(bytes).getLong();
        long torn = value ^ ByteBuffer.wrap(bytes).getLong(BLOCK - Long.BYTES);
        told.add(new Told(false, block, torn == 0 ? value : -1, from, moment.incrementAndGet()));
      }
    }
  }

  /// How many requests were answered so far.
  int answered() {
    return told.size();
  }

  /// Lets all clients end after the request at hand, and waits for them; what went wrong with one.
  List<Throwable> end() throws InterruptedException {
    isEnough = true;
    return await();
  }

  /// Waits for all clients; what went wrong with one.
  List<Throwable> await() throws InterruptedException {
    for (Thread client : clients) {
      client.join();
    }
    clients.clear();
    return List.copyOf(failures);
  }

  RegisterHistory history() {
    RegisterHistory history = new RegisterHistory();
    told.stream()
        .filter(Told::writes)
        .forEach(it -> history.wrote(it.block, it.value, it.from, it.to));
    told.stream()
        .filter(it -> !it.writes)
        .forEach(it -> history.read(it.block, it.value, it.from, it.to));
    return history;
  }
}
