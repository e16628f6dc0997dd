package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.STAND_ALONE;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminResult;

/// Takes a whole resource down: roles, then the connection, then the disks.
final class DownCommand {
  private final Parts parts;
  private final Promotion promotion;
  private final PeerLink link;
  private final VolumeCommands volumes;
  private final ConnectionCommands connection;

  DownCommand(
      Parts parts,
      Promotion promotion,
      PeerLink link,
      VolumeCommands volumes,
      ConnectionCommands connection) {
    this.parts = parts;
    this.promotion = promotion;
    this.link = link;
    this.volumes = volumes;
    this.connection = connection;
  }

  /// Each volume Secondary, then no connection, then no disk.
  void down(Consumer<AdminResult> then) {
    demoteNext(new ArrayList<>(parts.all()), then);
  }

  private void demoteNext(List<Volume> left, Consumer<AdminResult> then) {
    if (left.isEmpty()) {
      connection.disconnect(false, result -> disconnected(result, then));
      return;
    }
    promotion.demote(
        left.removeFirst(),
        result -> {
          if (result.isSuccess()) {
            demoteNext(left, then);
          } else {
            then.accept(result);
          }
        });
  }

  private void disconnected(AdminResult result, Consumer<AdminResult> then) {
    if (link.conn() == STAND_ALONE) {
      detachNext(new ArrayList<>(parts.all()), then);
    } else if (result.isSuccess()) {
      then.accept(new AdminResult.State(StateResult.IN_TRANSIENT_STATE, ""));
    } else {
      connection.leave(again -> detachNext(new ArrayList<>(parts.all()), then));
    }
  }

  private void detachNext(List<Volume> left, Consumer<AdminResult> then) {
    if (left.isEmpty()) {
      then.accept(AdminResult.OK);
      return;
    }
    volumes.detach(
        left.removeFirst(),
        false,
        result -> {
          if (result.isSuccess()) {
            detachNext(left, then);
          } else {
            then.accept(result);
          }
        });
  }
}
