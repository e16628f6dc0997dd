package org.twincore.drbd.engine;

import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;

/// One DRBD resource on one node: the deterministic machine behind the device.
///
/// Owned by one loop. It does no I/O, asks no time and draws no chance but from what it is given:
/// the same events at the same times with the same random generator give the same effects. A new
/// resource has no volumes and no connection; admin commands bring them.
public final class Resource {
  private final String name;

  /// `options` are those of the resource's `options` section; `random` gives UUIDs, challenges and
  /// retry jitter.
  public Resource(String name, OptionValues options, RandomGenerator random) {
    this.name = name;
  }

  /// Applies one event at `nowNanos` (monotonic, never earlier than before), to completion. Effects
  /// are appended to `out` in the order in which they must start.
  public void step(long nowNanos, Event event, Effects out) {}

  /// When the owner must send the next [Event.Tick]; Long.MAX_VALUE if never.
  public long nextDeadlineNanos() {
    return Long.MAX_VALUE;
  }

  /// Whether an application may open the volume now. [StateResult#SUCCESS] (or above) means yes,
  /// and the owner sends [Event.Opened] before anything else.
  public StateResult mayOpen(int volume, Event.Access access) {
    return StateResult.SUCCESS;
  }

  /// An immutable snapshot for the tools.
  public ResourceStatus status() {
    return new ResourceStatus(
        name, ConnectionState.STAND_ALONE, Optional.empty(), 0, 'f', 0, List.of(), List.of());
  }
}
