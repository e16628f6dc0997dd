package org.twincore.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;

@Timeout(20)
class ResourceLoopTest {
  @Test
  void carriesOutEffectsInOrder() {
    try (LoopBench bench =
        new LoopBench((_, out) -> {
          out.add(new Effect.Listen());
          out.add(new Effect.StopListening());
          out.add(new Effect.Listen());
        })) {
      bench.loop.post(new Event.Tick());

      assertThat(bench.toLink)
          .containsExactly(new Effect.Listen(), new Effect.StopListening(), new Effect.Listen());
    }
  }

  @Test
  void appliesAnEventPostedFromInsideAfterThePresentOne() {
    List<String> order = new ArrayList<>();
    LoopBench[] self = new LoopBench[1];
    try (LoopBench bench =
        new LoopBench((event, _) -> {
          order.add("begin " + event);
          if (event instanceof Event.Tick) {
            self[0].loop.post(new Event.Accepted(7));
          }
          order.add("end " + event);
        })) {
      self[0] = bench;
      bench.loop.post(new Event.Tick());

      assertThat(order)
          .containsExactly(
              "begin Tick[]", "end Tick[]", "begin Accepted[socket=7]", "end Accepted[socket=7]");
    }
  }

  @Test
  void appliesWhatTheHandOverOfPacketsBringsBeforePostReturns() {
    try (LoopBench bench = new LoopBench((_, _) -> {})) {
      bench.afterSends = List.of(new Event.Sent(1, 2));
      bench.loop.post(new Event.Tick());

      assertThat(bench.machine.events).containsExactly(new Event.Tick(), new Event.Sent(1, 2));
    }
  }

  /// Many threads count without a lock of their own: any overlap loses a count.
  @Test
  void letsOneThreadInAtATime() throws InterruptedException {
    int threads = 4;
    int eventsEach = 5000;
    int[] count = new int[1];
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (LoopBench bench =
        new LoopBench((_, _) -> {
          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
          count[0]++;
          inside.decrementAndGet();
        })) {
      CountDownLatch done = new CountDownLatch(threads);
      for (int i = 0; i < threads; i++) {
        Thread.ofPlatform()
            .start(() -> {
              for (int n = 0; n < eventsEach; n++) {
                bench.loop.post(new Event.Tick());
              }
              done.countDown();
            });
      }
      done.await();

      int counted = bench.loop.ask(_ -> count[0]);
      assertThat(counted).isEqualTo(threads * eventsEach);
      assertThat(most.get()).isEqualTo(1);
    }
  }

  @Test
  void ticksWhenTheDeadlineIsThere() throws InterruptedException {
    CountDownLatch ticked = new CountDownLatch(1);
    LoopBench[] self = new LoopBench[1];
    try (LoopBench bench =
        new LoopBench((event, _) -> {
          if (event instanceof Event.Tick) {
            self[0].machine.deadlineNanos = Long.MAX_VALUE;
            ticked.countDown();
          } else {
            self[0].machine.deadlineNanos = System.nanoTime() + 1_000_000;
          }
        })) {
      self[0] = bench;
      bench.loop.post(new Event.Accepted(1));

      assertThat(ticked.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(bench.machine.events).containsExactly(new Event.Accepted(1), new Event.Tick());
    }
  }

  @Test
  void ringsAgainForADeadlineThatMovedBack() throws InterruptedException {
    CountDownLatch ticked = new CountDownLatch(1);
    LoopBench[] self = new LoopBench[1];
    try (LoopBench bench =
        new LoopBench((event, _) -> {
          switch (event) {
            case Event.Accepted(long millis) ->
                self[0].machine.deadlineNanos = System.nanoTime() + millis * 1_000_000;
            default -> {
              self[0].machine.deadlineNanos = Long.MAX_VALUE;
              ticked.countDown();
            }
          }
        })) {
      self[0] = bench;
      bench.loop.post(new Event.Accepted(5));
      bench.loop.post(new Event.Accepted(50));

      assertThat(ticked.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(bench.machine.events)
          .containsExactly(new Event.Accepted(5), new Event.Accepted(50), new Event.Tick());
    }
  }

  @Test
  void opensOnlyWhatMayBeOpened() {
    try (LoopBench bench = new LoopBench((_, _) -> {})) {
      bench.machine.mayOpen = StateResult.NO_UP_TO_DATE_DISK;
      assertThat(bench.loop.open(3, Event.Access.READ_WRITE))
          .isEqualTo(StateResult.NO_UP_TO_DATE_DISK);
      assertThat(bench.machine.events).isEmpty();

      bench.machine.mayOpen = StateResult.SUCCESS;
      assertThat(bench.loop.open(3, Event.Access.READ_WRITE)).isEqualTo(StateResult.SUCCESS);
      assertThat(bench.machine.events)
          .containsExactly(new Event.Opened(3, Event.Access.READ_WRITE));
    }
  }

  @Test
  void isFrozenByABrokenInvariantAndSaysSoOnce() {
    try (LoopBench bench =
        new LoopBench((event, _) -> {
          if (event instanceof Event.Accepted) {
            throw new IllegalStateException("broken on purpose");
          }
        })) {
      bench.loop.post(new Event.Tick());
      bench.loop.post(new Event.Accepted(1));
      bench.loop.post(new Event.Tick());

      assertThat(bench.broken.join()).hasMessage("broken on purpose");
      assertThat(bench.machine.events).containsExactly(new Event.Tick(), new Event.Accepted(1));
      assertThat(bench.loop.open(0, Event.Access.READ_ONLY)).isEqualTo(StateResult.UNKNOWN_ERROR);
    }
  }

  @Test
  void appliesNothingOnceClosed() {
    try (LoopBench bench = new LoopBench((_, _) -> {})) {
      bench.loop.close();
      bench.loop.post(new Event.Tick());

      assertThat(bench.machine.events).isEmpty();
    }
  }
}
