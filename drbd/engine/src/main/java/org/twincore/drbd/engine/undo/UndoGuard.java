package org.twincore.drbd.engine.undo;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.exchange.UndoFound;
import org.twincore.drbd.engine.exchange.UndoTerms;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.meta.undo.SavedBlocks;
import org.twincore.drbd.wire.Payload;

/// Lets nothing overwrite a block of the loser of a split brain before what it holds is durable in
/// the undo file.
///
/// ```
/// OFF       no undo files are kept, or no disk is there: everything passes
/// IDLE      no split brain is being undone: everything passes
/// BEGINNING the file is being made: what comes waits
/// OPEN      the first write of each block waits until the block is saved
/// ```
///
/// A block is read while no write of it is under way: all that would overwrite it wait for the same
/// save. Blocks that come while a batch is being made durable are the next batch. Nothing waits for
/// an admin: where a block cannot be saved, whoever wanted to overwrite it hears that at once, and
/// the listener pauses the resync.
public final class UndoGuard {
  private static final long BATCH_BYTES_MAX = 8L << 20;
  private static final long READ_BYTES_MAX = 1L << 20;

  private final Device device;
  private final Turn turn;
  private final Listener listener;
  private final SavedBlocks saving = new SavedBlocks();
  private final ArrayDeque<Effect.OldBlocks> queue = new ArrayDeque<>();
  private List<Claim> claims = new ArrayList<>();
  private Stage stage = Stage.OFF;
  private SavedBlocks saved = new SavedBlocks();
  private @Nullable UndoTerms terms;
  private @Nullable Running running;
  private Optional<String> failure = Optional.empty();
  private boolean ends;

  /// Another one makes old answers of the disk meaningless.
  private int life;

  private enum Stage {
    OFF,
    IDLE,
    BEGINNING,
    OPEN
  }

  /// Hears whether the blocks may be overwritten: they are saved or need not be.
  @FunctionalInterface
  public interface Then {
    void decided(boolean saved);
  }

  /// What the volume must hear.
  public interface Listener {
    /// Nothing can be saved until [UndoGuard#retry] or [UndoGuard#stop].
    void undoFailed(String cause);

    void localReadFailed(String cause);
  }

  private record Claim(Extent extent, Then then) {}

  /// The effect that is not answered yet, and what will be saved by it.
  private record Running(Kind kind, long token, List<Effect.OldBlocks> batch) {}

  private enum Kind {
    BEGIN,
    APPEND,
    END
  }

  public UndoGuard(Device device, Turn turn, Listener listener) {
    this.device = device;
    this.turn = turn;
    this.listener = listener;
  }

  // ---- from the attach to the end of a disk

  /// A disk is attached; empty: no undo files are kept. A file that was not ended goes on.
  public void attached(Optional<UndoFound> found) {
    clear();
    stage = found.isEmpty() ? Stage.OFF : Stage.IDLE;
    found
        .flatMap(UndoFound::saved)
        .ifPresent(blocks -> {
          stage = Stage.OPEN;
          saved = blocks;
        });
    found.flatMap(UndoFound::trouble).ifPresent(this::fail);
  }

  /// The disk is used no more; what waited hears no.
  public void diskLost() {
    List<Claim> lost = claims;
    clear();
    lost.forEach(claim -> claim.then.decided(false));
  }

  private void clear() {
    life++;
    stage = Stage.OFF;
    claims = new ArrayList<>();
    queue.clear();
    saving.clear();
    saved = new SavedBlocks();
    terms = null;
    running = null;
    failure = Optional.empty();
    ends = false;
  }

  // ---- from a split brain to the end of its resync

  /// A split brain was settled to the loss of this disk. An undo that is not ended goes on: it
  /// knows of more.
  public void begin(UndoTerms begun) {
    if (stage != Stage.IDLE || ends) {
      return;
    }
    stage = Stage.BEGINNING;
    terms = begun;
    saved = new SavedBlocks();
    sendBegin();
  }

  private void sendBegin() {
    UndoTerms begun = terms;
    if (begun != null && running == null) {
      long token = turn.newToken();
      running = new Running(Kind.BEGIN, token, List.of());
      turn.add(new Effect.BeginUndo(device.volume(), token, begun));
    }
  }

  /// The disk is UpToDate again: what comes from now on is saved no more.
  public void complete() {
    if (!isOpen() || ends) {
      return;
    }
    failure = Optional.empty();
    if (stage == Stage.BEGINNING && running == null) {
      stage = Stage.IDLE; // the file could not be made, so nothing was overwritten
      return;
    }
    ends = true;
    pump();
  }

  /// An admin lets go on what cannot be saved.
  public void stop() {
    if (!isOpen()) {
      return;
    }
    List<Claim> waiting = claims;
    claims = new ArrayList<>();
    queue.clear();
    saving.clear();
    life++;
    failure = Optional.empty();
    end(false);
    waiting.forEach(claim -> claim.then.decided(true));
  }

  /// An admin says that there is room now.
  public void retry() {
    if (failure.isPresent()) {
      failure = Optional.empty();
      if (stage == Stage.BEGINNING) {
        sendBegin();
      }
    }
  }

  private void end(boolean complete) {
    stage = Stage.IDLE;
    ends = false;
    long token = turn.newToken();
    running = new Running(Kind.END, token, List.of());
    turn.add(new Effect.EndUndo(device.volume(), token, complete));
  }

  private boolean isOpen() {
    return stage == Stage.BEGINNING || stage == Stage.OPEN;
  }

  /// Whether what is overwritten is saved at present.
  public boolean isActive() {
    return isOpen();
  }

  /// Why nothing can be saved at present.
  public Optional<String> failure() {
    return failure;
  }

  // ---- before each write

  /// Whether nothing that was to be saved is lost if these blocks change now.
  public boolean mayOverwrite(Extent extent) {
    if (!isOpen()) {
      return true;
    }
    for (long block = SavedBlocks.first(extent); block < SavedBlocks.end(extent); block++) {
      if (!saved.has(block) && !(ends && !saving.has(block))) {
        return false;
      }
    }
    return true;
  }

  /// Has these blocks saved, and then says so: at once where nothing is to be done.
  public void before(Extent extent, Then then) {
    if (mayOverwrite(extent)) {
      then.decided(true);
    } else if (failure.isPresent()) {
      then.decided(false);
    } else {
      claims.add(new Claim(extent, then));
      readMissing(extent);
    }
  }

  private void readMissing(Extent extent) {
    long end = SavedBlocks.end(extent);
    for (long block = SavedBlocks.first(extent); block < end; block++) {
      if (ends || saved.has(block) || saving.has(block)) {
        continue;
      }
      long from = block;
      long most = from + READ_BYTES_MAX / (SavedBlocks.BLOCK_SECTORS * Extent.SECTOR_BYTES);
      while (block + 1 < Math.min(end, most) && !saved.has(block + 1) && !saving.has(block + 1)) {
        block++;
      }
      read(from, block + 1);
    }
  }

  private void read(long from, long end) {
    long sector = from * SavedBlocks.BLOCK_SECTORS;
    long endSector = Math.min(end * SavedBlocks.BLOCK_SECTORS, device.sizeSectors());
    Extent run = new Extent(sector, (endSector - sector) * Extent.SECTOR_BYTES);
    saving.add(run);
    device.counters().read(run.sizeSectors());
    device.counters().resynced(run.sizeSectors());
    int asked = life;
    device.disk().disk().read(run, (error, data) -> haveRead(run, asked, error, data));
  }

  private void haveRead(Extent run, int asked, @Nullable String error, @Nullable Payload data) {
    if (asked != life) {
      return;
    }
    if (data != null) {
      queueUnsaved(run, data);
      pump();
      return;
    }
    String cause = "sectors from %d on cannot be read: %s".formatted(run.sector(), error);
    fail(cause);
    if (device.hasUsableDisk()) {
      listener.localReadFailed(cause);
    }
  }

  /// What was saved while this was read, by an older try, may be overwritten already.
  private void queueUnsaved(Extent run, Payload data) {
    long end = SavedBlocks.end(run);
    for (long block = SavedBlocks.first(run); block < end; block++) {
      long from = block;
      while (block < end && !saved.has(block)) {
        block++;
      }
      if (block > from) {
        long sector = from * SavedBlocks.BLOCK_SECTORS;
        long bytes =
            Math.min(block * SavedBlocks.BLOCK_SECTORS, run.endSector()) * Extent.SECTOR_BYTES
                - sector * Extent.SECTOR_BYTES;
        int offset = Math.toIntExact((sector - run.sector()) * Extent.SECTOR_BYTES);
        queue.add(
            new Effect.OldBlocks(
                new Extent(sector, bytes), data.slice(offset, Math.toIntExact(bytes))));
      }
    }
  }

  private void pump() {
    if (running != null || stage != Stage.OPEN || failure.isPresent()) {
      return;
    }
    if (!queue.isEmpty()) {
      List<Effect.OldBlocks> batch = new ArrayList<>();
      long bytes = 0;
      while (!queue.isEmpty() && (bytes == 0 || bytes < BATCH_BYTES_MAX)) {
        Effect.OldBlocks next = queue.removeFirst();
        batch.add(next);
        bytes += next.extent().sizeBytes();
      }
      long token = turn.newToken();
      running = new Running(Kind.APPEND, token, batch);
      turn.add(new Effect.AppendUndo(device.volume(), token, batch));
    } else if (ends && claims.isEmpty()) {
      end(true);
    }
  }

  // ---- answers

  public void answered(Event.UndoDone done) {
    Running ended = running;
    if (ended == null || ended.token != done.token()) {
      return;
    }
    running = null;
    if (ended.kind == Kind.BEGIN && stage == Stage.BEGINNING) {
      stage = Stage.OPEN;
    } else if (ended.kind == Kind.END) {
      beginWhatWaited();
    }
    for (Effect.OldBlocks blocks : ended.batch) {
      saved.add(blocks.extent());
      saving.remove(blocks.extent());
    }
    pump();
    letGo();
  }

  public void answered(Event.UndoFailed failed) {
    Running ended = running;
    if (ended == null || ended.token != failed.token()) {
      return;
    }
    running = null;
    if (ended.kind != Kind.END) {
      if (isOpen()) {
        fail(failed.cause());
      }
    } else {
      beginWhatWaited();
      turn.log(
          Effect.Level.WARN,
          "volume %d: the end of the undo file could not be noted: %s"
              .formatted(device.volume(), failed.cause()));
    }
  }

  private void beginWhatWaited() {
    if (stage == Stage.BEGINNING) {
      sendBegin();
    }
  }

  private void fail(String cause) {
    life++;
    List<Claim> refused = claims;
    claims = new ArrayList<>();
    queue.clear();
    saving.clear();
    failure = Optional.of(cause);
    listener.undoFailed(cause);
    refused.forEach(claim -> claim.then.decided(false));
  }

  private void letGo() {
    List<Claim> free = new ArrayList<>();
    List<Claim> left = new ArrayList<>();
    for (Claim claim : claims) {
      (mayOverwrite(claim.extent) ? free : left).add(claim);
    }
    claims = left;
    free.forEach(claim -> claim.then.decided(true));
    pump();
  }
}
