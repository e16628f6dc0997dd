package org.twincore.host.blockdev;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.twincore.host.linux.ProcessMemory;

/// Keeps this process able to serve its own machine's disk while memory is short.
///
/// A machine that runs out of memory writes dirty pages to the very device that this process
/// serves. If the process then waits for memory too (a page of its code read back from disk, an
/// allocation that waits for writeback), nothing moves any more; if it is chosen to be ended, all
/// the device's users lose it. So while a device is up: pages are in memory and pinned, the heap's
/// too, and the process is not chosen; and allocations of the threads that are started after
/// [#prepare] never wait for writeback. Each of these needs a capability; what is not allowed is
/// said once and left out.
public final class MemoryShield {
  private static final Logger LOG = System.getLogger(MemoryShield.class.getName());
  private static final int NEVER_ENDED = -1000;
  private static final int AS_USUAL = 0;

  private interface Measure {
    void take() throws IOException;
  }

  private boolean isUp;

  /// Called once, before the threads are started that will serve devices.
  public static void prepare() {
    attempt(
        "allocate without waiting for writeback (CAP_SYS_RESOURCE)",
        ProcessMemory::becomeIoFlusher);
  }

  /// A device came up.
  public synchronized void raise() {
    if (!isUp) {
      isUp = true;
      attempt("pin memory (CAP_IPC_LOCK)", ProcessMemory::lockAll);
      attempt(
          "be spared when memory runs out (CAP_SYS_RESOURCE)",
          () -> ProcessMemory.adjustOomScore(NEVER_ENDED));
    }
  }

  /// The last device went away.
  public synchronized void lower() {
    if (isUp) {
      isUp = false;
      attempt("unpin memory", ProcessMemory::unlockAll);
      attempt("be as usual", () -> ProcessMemory.adjustOomScore(AS_USUAL));
    }
  }

  private static void attempt(String what, Measure measure) {
    try {
      measure.take();
    } catch (IOException notAllowed) {
      LOG.log(Level.INFO, "not allowed to {0}: {1}", what, notAllowed.getMessage());
    }
  }
}
