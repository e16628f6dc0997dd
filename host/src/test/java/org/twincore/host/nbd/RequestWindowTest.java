package org.twincore.host.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RequestWindowTest {
  private static final long MIB = 1 << 20;
  private static final NbdSettings SETTINGS =
      new NbdSettings(8, 16, 32 * MIB, 32 * MIB, 1000, 1000, 1000, 0);

  private final ByteBudget budget = new ByteBudget(SETTINGS.bytesTotalMax());

  @Test
  void boundsRequestsAndBytes() {
    RequestWindow window = new RequestWindow(SETTINGS, budget, () -> {});
    for (int i = 0; i < 16; i++) {
      assertThat(window.tryAcquire(0)).isTrue();
    }
    assertThat(window.tryAcquire(0)).isFalse();
    window.release(16, 0);
    assertThat(window.tryAcquire(32 * MIB)).isTrue();
    assertThat(window.tryAcquire(512)).isFalse();
    window.release(1, 32 * MIB);
    assertThat(window.tryAcquire(512)).isTrue();
  }

  @Test
  void leavesEachConnectionItsReserve() {
    RequestWindow greedy = new RequestWindow(SETTINGS, budget, () -> {});
    RequestWindow second = new RequestWindow(SETTINGS, budget, () -> {});
    RequestWindow modest = new RequestWindow(SETTINGS, budget, () -> {});
    assertThat(greedy.tryAcquire(32 * MIB)).isTrue();
    assertThat(second.tryAcquire(32 * MIB)).isFalse();
    assertThat(second.tryAcquire(MIB / 2)).isTrue();
    assertThat(second.tryAcquire(MIB)).isFalse();
    for (int i = 0; i < 10; i++) {
      assertThat(modest.tryAcquire(4096)).isTrue();
    }
    greedy.release(1, 32 * MIB);
    second.release(1, MIB / 2);
    modest.release(10, 40960);
    assertThat(budget.usedBytes()).isZero();
  }

  /// Windows that wait are woken by releases elsewhere, and at the end nothing is charged.
  @Test
  void nobodyWaitsForEverAndNothingLeaks() throws InterruptedException {
    Thread[] readers = new Thread[4];
    ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < readers.length; i++) {
      int seed = i;
      readers[i] = Thread.ofPlatform().start(() -> useWindow(seed, wrong));
    }
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(wrong).isEmpty();
    assertThat(budget.usedBytes()).isZero();
  }

  private void useWindow(int seed, ConcurrentLinkedQueue<String> wrong) {
    SplittableRandom random = new SplittableRandom(seed);
    Semaphore wakes = new Semaphore(0);
    RequestWindow window = new RequestWindow(SETTINGS, budget, wakes::release);
    LinkedBlockingQueue<Long> held = new LinkedBlockingQueue<>();
    Thread releaser = Thread.ofPlatform().start(() -> releaseAll(window, held, wrong));
    try {
      for (int i = 0; i < 2000; i++) {
        long bytes = 512L * random.nextInt(1 << random.nextInt(16));
        while (!window.tryAcquire(bytes)) {
          if (!wakes.tryAcquire(10, TimeUnit.SECONDS)) {
            wrong.add("reader " + seed + " was not woken");
            return;
          }
        }
        held.add(bytes);
      }
      releaser.join();
    } catch (InterruptedException _) {
      wrong.add("interrupted");
    }
  }

  private static void releaseAll(
      RequestWindow window, LinkedBlockingQueue<Long> held, ConcurrentLinkedQueue<String> wrong) {
    try {
      for (int done = 0; done < 2000; done++) {
        window.release(1, held.take());
      }
    } catch (InterruptedException _) {
      wrong.add("interrupted");
    }
  }
}
