package org.twincore.drbd.engine.port;

import org.twincore.drbd.engine.exchange.Effect;

/// The undo files of one volume.
///
/// Implementations answer each effect with exactly one event to the [EventSink] they were made
/// with, never from inside `carryOut` while the resource's step is still running. Effects are
/// carried out in order, also those of a node that attached the disk before.
public interface UndoFile {
  /// Starts one operation; never blocks.
  void carryOut(Effect.OfUndo effect);
}
