package org.twincore.drbd.engine.exchange;

/// When the sender ends an epoch, besides when it is full (docs/adr/0006). The peer need not know:
/// where a barrier stands is the sender's choice.
public enum EpochEnd {
  /// When an application flushes, and when something waits for it. Writes that were answered
  /// between two flushes have no order across a loss of power, as on a disk with a cache.
  FLUSH,

  /// Whenever a write is answered, as the kernel's DRBD does.
  COMPLETION
}
