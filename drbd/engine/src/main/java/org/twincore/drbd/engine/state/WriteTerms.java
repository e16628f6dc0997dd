package org.twincore.drbd.engine.state;

import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Since;

/// What dp_flags of a write mean at the agreed version (drbd-wire section 8.1,
/// `bio_flags_to_wire`).
///
/// Before protocol 100 no flag asks for an ack: both sides know from `protocol` which one is due.
/// Before 95 only two flags exist.
public final class WriteTerms {
  private static final int OLD_FLAGS = DpFlags.SYNC | DpFlags.MAY_SET_IN_SYNC;
  private static final int ACK_FLAGS = DpFlags.SEND_RECEIVE_ACK | DpFlags.SEND_WRITE_ACK;

  private WriteTerms() {}

  /// The ack that `protocol` asks for, as the flag that asks for it from protocol 100 on.
  public static int ackFlag(Peering peering) {
    return switch (peering.protocol()) {
      case A -> 0;
      case B -> DpFlags.SEND_RECEIVE_ACK;
      case C -> DpFlags.SEND_WRITE_ACK;
    };
  }

  /// What a write during a resync asks for: that it counts as a copied block, where the peer can
  /// tell that. Before protocol 100 it can only in protocol C.
  public static int resyncFlags(Peering peering) {
    int ack = ackFlag(peering);
    boolean tells = peering.has(Since.ACK_CHOICE) || ack == DpFlags.SEND_WRITE_ACK;
    return tells ? DpFlags.MAY_SET_IN_SYNC | DpFlags.SEND_WRITE_ACK : ack;
  }

  /// The flags that travel.
  public static int sent(Peering peering, int flags) {
    if (peering.has(Since.ACK_CHOICE)) {
      return flags;
    }
    return flags & (peering.has(Since.WRITE_FLAGS) ? ~ACK_FLAGS : OLD_FLAGS);
  }

  /// The flags of a write that came, with the ack that the sender waits for.
  public static int received(Peering peering, int flags) {
    return peering.has(Since.ACK_CHOICE) ? flags : sent(peering, flags) | ackFlag(peering);
  }
}
