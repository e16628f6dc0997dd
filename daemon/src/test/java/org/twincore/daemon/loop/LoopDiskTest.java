package org.twincore.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;
import org.twincore.host.disk.DiskAccess;
import org.twincore.host.disk.FileDisk;

@Timeout(20)
class LoopDiskTest {
  @TempDir Path folder;

  private LoopDisk disk(LoopBench bench, Runnable released) throws IOException {
    Path file = Files.write(folder.resolve("disk"), new byte[1 << 20]);
    FileDisk.Place place = new FileDisk.Place("r0/0", 0, file, file, DiskAccess.BUFFERED);
    return new LoopDisk(FileDisk.open(place, bench.loop, released), bench.aftermath, () -> true);
  }

  @Test
  void doesASmallWriteInTheThreadOfItsClient() throws IOException {
    Thread[] answeredIn = new Thread[1];
    byte[] bytes = new byte[512];
    Arrays.fill(bytes, (byte) 7);
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.AppWrite write) {
            out.add(new Effect.WriteLocal(0, 5, write.sector(), write.payload(), false));
          } else if (event instanceof Event.LocalDone) {
            answeredIn[0] = Thread.currentThread();
          }
        })) {
      bench.runner.addDisk(0, disk(bench, () -> {}));
      bench.loop.post(new Event.AppWrite(0, 1, 8, Payload.of(bytes), false));

      assertThat(answeredIn[0]).isSameAs(Thread.currentThread());
      byte[] file = Files.readAllBytes(folder.resolve("disk"));
      assertThat(Arrays.copyOfRange(file, 4096, 4608)).isEqualTo(bytes);
    }
  }

  @Test
  void leavesADiskAccessOfTheTimersThreadToTheDisk() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    Thread[] answeredIn = new Thread[1];
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.Tick) {
            out.add(new Effect.WriteLocal(0, 5, 0, Payload.of(new byte[512]), false));
          } else {
            answeredIn[0] = Thread.currentThread();
            done.countDown();
          }
        })) {
      bench.runner.addDisk(0, disk(bench, () -> {}));
      bench.loop.post(new Event.Tick());

      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(answeredIn[0].getName()).startsWith("disk-r0/0");
    }
  }

  /// A write and a flush of one step: the write is answered, and its ack handed over, before.
  @Test
  void flushesInTheThreadOfThePeersDataWhenAllElseIsDone() throws IOException {
    List<String> order = new ArrayList<>();
    Thread[] flushedIn = new Thread[1];
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.PacketArrived) {
            out.add(new Effect.FlushLocal(0, 5));
            out.add(new Effect.WriteLocal(0, 6, 0, Payload.of(new byte[512]), false));
          } else if (event instanceof Event.LocalDone(int _, long token)) {
            order.add("done " + token);
            flushedIn[0] = Thread.currentThread();
          }
        })) {
      bench.runner.addDisk(0, disk(bench, () -> {}));
      bench.loop.post(barrier());

      assertThat(order).containsExactly("done 6", "done 5");
      assertThat(flushedIn[0]).isSameAs(Thread.currentThread());
    }
  }

  /// Of two flushes, as two volumes have them, one is done beside the other.
  @Test
  void leavesASecondFlushToTheDisk() throws Exception {
    CountDownLatch done = new CountDownLatch(2);
    Map<Long, String> flushedIn = new ConcurrentHashMap<>();
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.PacketArrived) {
            out.add(new Effect.FlushLocal(0, 5));
            out.add(new Effect.FlushLocal(0, 6));
          } else if (event instanceof Event.LocalDone(int _, long token)) {
            flushedIn.put(token, Thread.currentThread().getName());
            done.countDown();
          }
        })) {
      bench.runner.addDisk(0, disk(bench, () -> {}));
      bench.loop.post(barrier());

      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(flushedIn.get(5L)).isEqualTo(Thread.currentThread().getName());
      assertThat(flushedIn.get(6L)).startsWith("disk-r0/0");
    }
  }

  /// Its next requests must not wait for a disk.
  @Test
  void neverFlushesInAClientsThread() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    Thread[] flushedIn = new Thread[1];
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.AppWrite || event instanceof Event.AppFlush) {
            out.add(new Effect.FlushLocal(0, 5));
          } else {
            flushedIn[0] = Thread.currentThread();
            done.countDown();
          }
        })) {
      bench.runner.addDisk(0, disk(bench, () -> {}));
      bench.loop.post(new Event.AppWrite(0, 1, 0, Payload.of(new byte[512]), false));

      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(flushedIn[0].getName()).startsWith("disk-r0/0");
    }
  }

  private static Event barrier() {
    return new Event.PacketArrived(1, Framing.H100, 0, new Packet.Barrier(0, 0), null);
  }

  /// The close comes in the same step as a write: it must not overtake it.
  @Test
  void closesAfterTheAccessesThatWait() throws Exception {
    CountDownLatch released = new CountDownLatch(1);
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.AppWrite write) {
            out.add(new Effect.WriteLocal(0, 5, 0, write.payload(), false));
            out.add(new Effect.CloseDisk(0));
          }
        })) {
      bench.runner.addDisk(0, disk(bench, released::countDown));
      bench.loop.post(new Event.AppWrite(0, 1, 0, Payload.of(new byte[512]), false));

      assertThat(released.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(bench.machine.events).last().isEqualTo(new Event.LocalDone(0, 5));
    }
  }
}
