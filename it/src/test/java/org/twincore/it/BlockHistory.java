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
  static final int HOT_BLOCKS = 16;

  private final AtomicLong moment = new AtomicLong();
  private final AtomicLong lastValue = new AtomicLong();
  private final ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final List<Told> settled = new ArrayList<>();
  private final List<Thread> clients = new ArrayList<>();
  private volatile boolean isEnough;

  private record Told(boolean writes, long block, long value, long from, long to) {}

  /// What a client does.
  enum Kind {
    READS,
    WRITES_AND_READS
  }

  /// Starts a client of that node; it ends by itself.
  void start(NodeProcess node, long seed, int requests) {
    start(node.nbdAddress(), seed, requests, Kind.WRITES_AND_READS);
  }

  /// The same of any device.
  void start(NbdAddress device, long seed, int requests, Kind kind) {
    clients.add(
        Thread.ofVirtual()
            .start(() -> {
              try (NbdClient client = device.connect()) {
                run(client, new SplittableRandom(seed), requests, kind);
              } catch (IOException | RuntimeException e) {
                failures.add(e);
              }
            }));
  }

  private void run(NbdClient client, SplittableRandom random, int requests, Kind kind)
      throws IOException {
    for (int i = 0; i < requests && !isEnough; i++) {
      long block = random.nextInt(HOT_BLOCKS);
      if (random.nextBoolean() && kind == Kind.WRITES_AND_READS) {
        write(client, block);
      } else {
        read(client, block);
      }
    }
  }

  private void write(NbdClient client, long block) throws IOException {
    byte[] bytes = new byte[BLOCK];
    long from = moment.incrementAndGet();
    long value = lastValue.incrementAndGet();
    ByteBuffer.wrap(bytes).putLong(value).putLong(BLOCK - Long.BYTES, value);
    long to = RegisterHistory.NEVER;
    try {
      client.pwrite(bytes, block * BLOCK);
      to = moment.incrementAndGet();
    } finally {
      told.add(new Told(true, block, value, from, to));
    }
  }

  private void read(NbdClient client, long block) throws IOException {
    byte[] bytes = new byte[BLOCK];
    long from = moment.incrementAndGet();
    client.pread(bytes, block * BLOCK);
    long value = ByteBuffer.wrap(bytes).getLong();
    long torn = value ^ ByteBuffer.wrap(bytes).getLong(BLOCK - Long.BYTES);
    told.add(new Told(false, block, torn == 0 ? value : -1, from, moment.incrementAndGet()));
  }

  /// Reads each block once.
  void readAll(NbdAddress device) throws IOException {
    try (NbdClient client = device.connect()) {
      for (long block = 0; block < HOT_BLOCKS; block++) {
        read(client, block);
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

  /// What was told up to now counts; how much of it there is.
  int keep() {
    int count = told.size();
    settled.addAll(told);
    told.clear();
    return count;
  }

  /// The nodes were apart for some of what was told since [#keep]: each such answer is of one node
  /// only. Such a write may be there or not when they have met again, and such a read is left out.
  void forgetAnswers() {
    told.stream()
        .filter(Told::writes)
        .map(it -> new Told(true, it.block, it.value, it.from, RegisterHistory.NEVER))
        .forEach(settled::add);
    told.clear();
  }

  RegisterHistory history() {
    List<Told> all = new ArrayList<>(settled);
    all.addAll(told);
    RegisterHistory history = new RegisterHistory();
    all.stream()
        .filter(Told::writes)
        .forEach(it -> history.wrote(it.block, it.value, it.from, it.to));
    all.stream()
        .filter(it -> !it.writes)
        .forEach(it -> history.read(it.block, it.value, it.from, it.to));
    return history;
  }
}
