package org.twincore.drbd.engine.port;

import org.twincore.drbd.engine.exchange.Effect;

/// The backing disk of one volume, data area and metadata.
///
/// Implementations answer each effect that has a token with exactly one event to the [EventSink]
/// they were made with, never from inside `carryOut` while the resource's step is still running.
public interface Disk {
  /// Starts one operation; never blocks longer than a write into the page cache.
  void carryOut(Effect.OfDisk effect);
}
