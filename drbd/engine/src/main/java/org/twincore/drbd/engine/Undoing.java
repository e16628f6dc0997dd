package org.twincore.drbd.engine;

import java.util.List;
import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.UndoTerms;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.wire.Packet;

/// When the loser of a split brain saves what it is about to lose, and what happens when it cannot
/// (docs/undo.md).
///
/// From the handshake that settles a split brain until the disk is UpToDate again, across lost
/// connections and crashes; other resyncs save nothing.
final class Undoing {
  private static final int NOTHING_TO_STOP = 162;

  private final Parts parts;
  private final States states;

  Undoing(Parts parts, States states) {
    this.parts = parts;
    this.states = states;
  }

  /// The handshake has decided; the generations and states are those from before.
  void begin(Volume volume, SyncHandshake.Decision decision) {
    Device device = volume.device;
    Packet.Uuids theirs = device.peerUuids();
    if (!(decision instanceof SyncHandshake.BecomeTarget target)
        || theirs == null
        || device.backing() == null) {
      return;
    }
    List<SyncHandshake.Step> steps = target.trace().steps();
    boolean byAdmin = steps.contains(SyncHandshake.Step.SPLIT_BRAIN_SOLVED_BY_ADMIN);
    if (!byAdmin && !steps.contains(SyncHandshake.Step.SPLIT_BRAIN_SOLVED_BY_POLICY)) {
      return;
    }
    String reason =
        byAdmin
            ? "discard-my-data"
            : "after-sb policy " + String.join(" ", names(target.trace().policy()));
    volume.undo.begin(
        new UndoTerms(
            device.sizeSectors(),
            device.disk().superblock().deviceUuid(),
            device.uuids(),
            theirs.uuids(),
            reason));
  }

  private static List<String> names(List<? extends Enum<?>> rows) {
    return rows.stream().<String>map(Enum::name).toList();
  }

  /// A disk that is UpToDate needs no undo any more, one that is gone cannot have one.
  static void diskChanged(Volume volume, DiskState before, DiskState after) {
    if (before == after) {
      return;
    }
    switch (after) {
      case UP_TO_DATE -> volume.undo.complete();
      case FAILED, DISKLESS -> volume.undo.diskLost();
      default -> {}
    }
  }

  /// Nothing is overwritten that cannot be saved: as if an admin had said `pause-sync`.
  void failed(Volume volume, String cause) {
    parts.turn.log(
        Effect.Level.WARN,
        "volume %d: the undo file of the split brain cannot be written: %s; the resync pauses until"
                .formatted(volume.number(), cause)
            + " resume-sync, or undo-split-brain --stop");
    states.force(volume, state -> state.withUserIsp(true), "undo file: " + cause);
  }

  /// `undo-split-brain --stop`.
  void stop(Volume volume, Consumer<AdminResult> then) {
    if (!volume.undo.isActive()) {
      then.accept(
          new AdminResult.Config(NOTHING_TO_STOP, "No resync of a split brain is saving anything"));
      return;
    }
    boolean paused = volume.undo.failure().isPresent();
    volume.undo.stop();
    if (paused) {
      states.force(volume, state -> state.withUserIsp(false), "the undo file was given up");
    }
    then.accept(AdminResult.OK);
  }
}
