package org.twincore.drbd.engine.state;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.wire.Payload;

/// The backing disk of one volume as the engine uses it: starts operations and hands each answer to
/// whoever asked.
///
/// An operation that was started is answered even if the disk was given up meanwhile, so that
/// [#pending] reaches 0.
public final class LocalDisk {
  /// Takes the one answer to an operation.
  @FunctionalInterface
  public interface Done {
    /// `error` is null on success; `data` is there after a successful read.
    void done(@Nullable String error, @Nullable Payload data);
  }

  private record Pending(Done done, long sinceNanos) {}

  /// How large the disk is, and the device that its metadata is on (the same one if internal).
  public record Size(long dataBytes, long metadataBytes) {}

  /// Hears how large the disk is now; null if it could not be asked.
  @FunctionalInterface
  public interface Measured {
    void measured(@Nullable Size size);
  }

  private final int volume;
  private final Turn turn;
  private Predicate<Extent> mayChange = _ -> true;

  /// What was begun and is not answered, oldest first.
  private final LinkedHashMap<Long, Pending> waiting = new LinkedHashMap<>();

  /// Tokens of operations that are answered already as far as anybody here is concerned.
  private final LinkedHashMap<Long, Pending> aborted = new LinkedHashMap<>();

  private final Map<Long, Measured> measuring = new HashMap<>();
  private final ArrayDeque<Done> waitingForFlush = new ArrayDeque<>();
  private boolean flushRuns;
  private boolean lost;
  private boolean released;

  LocalDisk(int volume, Turn turn) {
    this.volume = volume;
    this.turn = turn;
  }

  /// The disk failed: what it answered and did not flush since may be missing on it.
  public void lose() {
    lost = true;
  }

  public boolean isLost() {
    return lost;
  }

  /// The disk is used no more and answers no more; unless it is lost, all that it answered is
  /// durable.
  public void release() {
    released = true;
  }

  public boolean isReleased() {
    return released;
  }

  /// Operations without answer yet.
  public int pending() {
    return waiting.size() + aborted.size();
  }

  /// When the oldest operation was begun that somebody waits for; Long.MAX_VALUE if there is none.
  public long oldestNanos() {
    return waiting.isEmpty() ? Long.MAX_VALUE : waiting.firstEntry().getValue().sinceNanos;
  }

  /// Answers all that somebody waits for with an error, although the disk is still at it: what it
  /// answers later is dropped, and until then the operation counts as [#pending]. For a disk that
  /// is given up and never used again (`tl_abort_disk_io`). A read that is late fills memory that
  /// nobody else has; a late write may change the disk up to its release, not after.
  public void abort(String cause) {
    List<Map.Entry<Long, Pending>> all = List.copyOf(waiting.entrySet());
    waiting.clear();
    all.forEach(each -> aborted.put(each.getKey(), each.getValue()));
    for (Map.Entry<Long, Pending> each : all) {
      each.getValue().done.done(cause, null);
    }
  }

  /// Every write and discard from now on is one that `permits` says yes to; anything else is a bug.
  public void onlyWith(Predicate<Extent> permits) {
    mayChange = permits;
  }

  public void read(Extent extent, Done done) {
    turn.add(new Effect.ReadLocal(volume, token(done), extent));
  }

  public void write(long sector, Payload payload, boolean fua, Done done) {
    check(new Extent(sector, payload.lengthBytes()));
    turn.add(new Effect.WriteLocal(volume, token(done), sector, payload, fua));
  }

  public void discard(Extent extent, Event.Discard kind, Done done) {
    check(extent);
    turn.add(new Effect.DiscardLocal(volume, token(done), extent, kind));
  }

  private void check(Extent extent) {
    Invariant.check(
        mayChange.test(extent),
        "sectors %d to %d are overwritten before they are saved",
        extent.sector(),
        extent.endSector());
  }

  /// Makes durable what was written before this call. Calls made while a flush runs share the next
  /// one.
  public void flush(Done done) {
    waitingForFlush.add(done);
    if (!flushRuns) {
      startFlush();
    }
  }

  private void startFlush() {
    List<Done> sharing = List.copyOf(waitingForFlush);
    waitingForFlush.clear();
    flushRuns = true;
    long token =
        token((error, _) -> {
          flushRuns = false;
          if (!waitingForFlush.isEmpty()) {
            startFlush();
          }
          for (Done done : sharing) {
            done.done(error, null);
          }
        });
    turn.add(new Effect.FlushLocal(volume, token));
  }

  void writeMetadata(List<Effect.Region> regions, boolean durable, Done done) {
    turn.add(new Effect.WriteMetadata(volume, token(done), regions, durable));
  }

  /// Asks for the size that the disk has now.
  public void measure(Measured measured) {
    long token = turn.newToken();
    Done unanswered =
        (_, _) -> {
          measuring.remove(token);
          measured.measured(null);
        };
    waiting.put(token, new Pending(unanswered, turn.now()));
    measuring.put(token, measured);
    turn.add(new Effect.MeasureDisk(volume, token));
  }

  /// The answer to [#measure].
  public void measured(long token, Size size) {
    Measured asker = measuring.remove(token);
    if (asker != null) {
      waiting.remove(token);
      asker.measured(size);
    } else {
      aborted.remove(token);
    }
  }

  private long token(Done done) {
    long token = turn.newToken();
    waiting.put(token, new Pending(done, turn.now()));
    return token;
  }

  /// An answer arrived; one to an unknown token is ignored.
  public void answered(long token, @Nullable String error, @Nullable Payload data) {
    Pending pending = waiting.remove(token);
    if (pending != null) {
      pending.done.done(error, data);
    } else {
      aborted.remove(token);
    }
  }
}
