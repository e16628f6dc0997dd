package org.twincore.daemon.loop;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.Disk;
import org.twincore.host.disk.FileDisk;

/// A [FileDisk] whose small accesses are done by the thread that caused them, after its turn; so
/// are flushes, where that thread has nothing else to do meanwhile.
///
/// [#carryOut] is called under the resource's lock. The disk is closed once, after all accesses
/// that wait in somebody's aftermath.
public final class LoopDisk implements Disk {
  private final FileDisk disk;
  private final Aftermath aftermath;
  private final BooleanSupplier mayWait;

  /// Accesses not begun or not ended yet, plus one until the close.
  private final AtomicInteger holds = new AtomicInteger(1);

  private boolean isClosed;

  /// `mayWait` is asked at each access: whether the thread that caused it may wait for the disk.
  /// Not where a disk that never answers is to be given up (`disk-timeout`): that thread has more
  /// to do.
  public LoopDisk(FileDisk disk, Aftermath aftermath, BooleanSupplier mayWait) {
    this.disk = disk;
    this.aftermath = aftermath;
    this.mayWait = mayWait;
  }

  @Override
  public void carryOut(Effect.OfDisk effect) {
    if (effect instanceof Effect.CloseDisk close) {
      close(close);
    } else if (!mayWait.getAsBoolean()) {
      disk.carryOut(effect);
    } else if (aftermath.mayWorkHere() && disk.isQuick(effect, holds.get() > 1)) {
      holds.incrementAndGet();
      aftermath.addDiskWork(() -> runHere(effect));
    } else if (aftermath.mayFlushHere() && effect instanceof Effect.FlushLocal) {
      holds.incrementAndGet();
      aftermath.addFlush(() -> runHere(effect));
    } else {
      disk.carryOut(effect);
    }
  }

  private Event runHere(Effect.OfDisk effect) {
    try {
      return disk.runHere(effect);
    } finally {
      release(effect.volume());
    }
  }

  private void close(Effect.CloseDisk close) {
    if (!isClosed) {
      isClosed = true;
      release(close.volume());
    }
  }

  private void release(int volume) {
    if (holds.decrementAndGet() == 0) {
      disk.carryOut(new Effect.CloseDisk(volume));
    }
  }
}
