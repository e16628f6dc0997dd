package org.twincore.host.nbd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.random.RandomGenerator;

/// Hands every request to one loop thread, as a resource does, which finishes whole batches under a
/// [ReplyHold] and in shuffled order.
final class LoopTarget implements BlockTarget, AutoCloseable {
  private final BlockTarget target;
  private final RandomGenerator random;
  private final ReplyHold hold = new ReplyHold();
  private final LinkedBlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
  private final Thread loop = Thread.ofPlatform().name("test-loop").daemon().unstarted(this::run);

  LoopTarget(BlockTarget target, RandomGenerator random) {
    this.target = target;
    this.random = random;
    loop.start();
  }

  private void run() {
    try {
      List<Runnable> batch = new ArrayList<>();
      while (true) {
        batch.add(work.take());
        work.drainTo(batch);
        hold.begin();
        while (!batch.isEmpty()) {
          batch.remove(random.nextInt(batch.size())).run();
        }
        hold.end();
      }
    } catch (InterruptedException _) {
      // close() ends the loop.
    }
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    work.add(() -> target.read(offset, length, done));
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    work.add(() -> target.write(array, arrayOffset, length, offset, fua, done));
  }

  @Override
  public void flush(Done done) {
    work.add(() -> target.flush(done));
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    work.add(() -> target.discard(offset, length, kind, fua, done));
  }

  @Override
  public void cache(long offset, long length, Done done) {
    work.add(() -> target.cache(offset, length, done));
  }

  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    work.add(() -> target.blockStatus(offset, length, done));
  }

  @Override
  public ReplyHold replyHold() {
    return hold;
  }

  /// Called for each connection that ends; the loop goes on until [#stop].
  @Override
  public void close() {
    target.close();
  }

  void stop() {
    loop.interrupt();
  }
}
