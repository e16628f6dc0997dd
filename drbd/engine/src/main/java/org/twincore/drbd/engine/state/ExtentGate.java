package org.twincore.drbd.engine.state;

import java.util.function.Consumer;
import org.twincore.drbd.Extent;

/// Keeps writes that overlap apart: each extent that enters is alone in its sectors until it
/// leaves.
public interface ExtentGate {
  /// Calls `go` with the ticket, at once or as soon as nothing that entered before overlaps
  /// `extent`. From the call on later comers that overlap wait behind it.
  Ticket enter(Extent extent, Consumer<Ticket> go);

  /// Done, or no longer wanted: those that wait may go on. A ticket that has left is ignored.
  void leave(Ticket ticket);

  /// One extent in the gate.
  interface Ticket {
    Extent extent();
  }
}
