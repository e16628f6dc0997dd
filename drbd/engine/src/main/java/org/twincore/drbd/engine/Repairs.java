package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_T;

import java.util.Optional;
import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminCommand.Side;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;

/// `repair`: a resync of just the blocks that a verify has marked, from the side that the admin
/// names, without leaving the connection.
///
/// DRBD offers disconnect and connect after a verify; who becomes source is then decided by who was
/// Primary. Here it is said. Both ways use what the peer knows from other occasions: a handshake of
/// the disks that P_STATE with a WFBitMap state asks for.
///
/// ```
/// source here:      new current UUID, P_UUIDS, P_STATE WFBitMapS; the peer finds rule 50
/// source the peer:  Inconsistent, durably; P_STATE WFBitMapT; the peer is decided by the disks
/// ```
///
/// A Primary is never overwritten: its users have the blocks in use.
final class Repairs {
  private static final int INVALID_REQUEST = 162;

  private final Parts parts;
  private final States states;
  private final Resyncs resyncs;

  Repairs(Parts parts, States states, Resyncs resyncs) {
    this.parts = parts;
    this.states = states;
    this.resyncs = resyncs;
  }

  /// Answered when the resync was asked for.
  void begin(Volume volume, Side source, Consumer<AdminResult> then) {
    Optional<AdminResult> refusal = refusal(volume, source);
    if (refusal.isPresent()) {
      then.accept(refusal.get());
      return;
    }
    int link = parts.peering.link();
    volume
        .device
        .disk()
        .writeBitmap(ok -> {
          if (!ok || link != parts.peering.link()) {
            then.accept(new AdminResult.State(StateResult.NEED_CONNECTION, ""));
            return;
          }
          // Both may have become something else while the marks were written.
          Optional<AdminResult> late = refusal(volume, source);
          if (late.isPresent()) {
            then.accept(late.get());
            return;
          }
          switch (source) {
            case LOCAL -> resyncs.startOver(volume, "repair of the peer");
            case PEER -> fetch(volume, link);
          }
          then.accept(AdminResult.OK);
        });
  }

  private static Optional<AdminResult> refusal(Volume volume, Side source) {
    StateWord state = volume.device.state();
    if (state.conn() != CONNECTED) {
      StateResult result =
          state.conn().isBelow(CONNECTED)
              ? StateResult.NEED_CONNECTION
              : StateResult.RESYNC_RUNNING;
      return Optional.of(new AdminResult.State(result, ""));
    }
    if (state.disk() != DiskState.UP_TO_DATE || state.pdsk() != DiskState.UP_TO_DATE) {
      return refused("repair needs an UpToDate disk on both sides");
    }
    boolean overwritesPrimary =
        source == Side.LOCAL ? state.peer() == Role.PRIMARY : state.role() == Role.PRIMARY;
    if (overwritesPrimary) {
      return refused(
          "repair would overwrite blocks of a Primary that are in use; make it Secondary first");
    }
    if (volume.device.outOfSyncBlocks() == 0) {
      return Optional.of(
          new AdminResult.State(StateResult.NOTHING_TO_DO, "no block is marked out of sync"));
    }
    return Optional.empty();
  }

  private static Optional<AdminResult> refused(String why) {
    return Optional.of(new AdminResult.Config(INVALID_REQUEST, why));
  }

  /// Nobody may take the blocks here for good from now on; only when that is durable the peer hears
  /// of it.
  private void fetch(Volume volume, int link) {
    states.change(
        volume,
        state -> state.withDisk(DiskState.INCONSISTENT),
        StateRules.Force.HARD,
        "repair from the peer");
    volume
        .device
        .disk()
        .settle(ok -> {
          StateWord state = volume.device.state();
          boolean fits =
              ok
                  && link == parts.peering.link()
                  && state.conn() == CONNECTED
                  && state.disk() == DiskState.INCONSISTENT
                  && state.pdsk() == DiskState.UP_TO_DATE;
          if (fits) {
            states.sendUuids(volume, 0);
            parts.turn.send(volume.number(), new Packet.State(state.withConn(WF_BITMAP_T).toInt()));
            states.force(volume, it -> it.withConn(WF_BITMAP_T), "repair from the peer");
          }
        });
  }
}
