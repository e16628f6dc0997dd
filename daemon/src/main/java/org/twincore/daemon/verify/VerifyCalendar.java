package org.twincore.daemon.verify;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.twincore.drbd.engine.exchange.VerifyReport;

/// Says when which volume is to be verified, and keeps the books of all verifies that were begun on
/// this node, by itself or by an admin.
///
/// One verify at a time on a node, and none while one of its volumes is resynced. Both nodes may
/// have the same settings: only the one that `verify-node` names, or else drbd.conf names first,
/// begins any. A verify needs both, so there is nobody to take over from.
public final class VerifyCalendar {
  private final VerifySchedule schedule;
  private final VerifyBooks books;
  private final TreeMap<Key, Instant> known = new TreeMap<>();
  private final TreeMap<Key, Running> running = new TreeMap<>();

  private record Key(String resource, int volume) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int names = resource.compareTo(other.resource);
      return names != 0 ? names : Integer.compare(volume, other.volume);
    }
  }

  /// A verify that was seen to run here. `progress` holds it in the books, cut, in case this
  /// process ends before it.
  private record Running(Instant start, boolean isScheduled, VolumeBook before) {}

  /// How a volume stands.
  ///
  /// @param isOurs this node is the one that begins its verifies
  /// @param obstacle why none can begin now; empty: one can
  /// @param isBusy it is resynced or verified, whoever began that
  /// @param reachedSector where a verify that was begun here has come to; empty: none runs
  public record Seen(
      String resource,
      int volume,
      boolean isOurs,
      String obstacle,
      boolean isBusy,
      OptionalLong reachedSector) {}

  /// Begin this one.
  public record Start(String resource, int volume, long fromSector, long rateKib) {}

  public VerifyCalendar(VerifySchedule schedule, VerifyBooks books) {
    this.schedule = schedule;
    this.books = books;
  }

  /// All volumes of the node as they stand now; to be called every few seconds.
  public Optional<Start> look(Instant now, List<Seen> volumes) {
    for (Seen seen : volumes) {
      known.putIfAbsent(key(seen), now);
      seen.reachedSector().ifPresent(sector -> progress(now, key(seen), sector));
    }
    if (volumes.stream().anyMatch(Seen::isBusy)) {
      return Optional.empty();
    }
    Optional<Start> first = Optional.empty();
    Instant earliest = now;
    for (Seen seen : volumes) {
      Optional<Instant> due = due(seen.resource(), seen.volume(), now);
      boolean mayBegin = seen.isOurs() && seen.obstacle().isEmpty() && due.isPresent();
      if (mayBegin
          && (due.get().isBefore(earliest) || (first.isEmpty() && !due.get().isAfter(now)))) {
        earliest = due.get();
        first = Optional.of(start(seen));
      }
    }
    return first;
  }

  private Start start(Seen seen) {
    VolumeBook book = books.of(seen.resource(), seen.volume());
    return new Start(
        seen.resource(), seen.volume(), book.resumeSector(), schedule.times().rateKib());
  }

  /// What [#look] asked for has begun.
  public void begun(Instant now, Start start) {
    running.put(
        new Key(start.resource(), start.volume()),
        new Running(now, true, books.of(start.resource(), start.volume())));
  }

  private void progress(Instant now, Key key, long sector) {
    Running run =
        running.computeIfAbsent(
            key, _ -> new Running(now, false, books.of(key.resource, key.volume)));
    if (!run.isScheduled) {
      return; // its begin is not known exactly, and whoever asked for it looks after it
    }
    long from = run.before.resumeSector();
    VerifyRun cut =
        new VerifyRun(
            run.start, now, from, Math.max(0, sector - from), 0, 0, List.of(), true, true);
    // At sector 0 there is nothing to go on from; it is due again by its begin.
    books.put(
        key.resource, key.volume, run.before.with(cut, cycle(run, from), Math.max(0, sector)));
  }

  /// When the verify of the whole device began of which this run is a part.
  private static Optional<Instant> cycle(Running run, long fromSector) {
    return fromSector > 0 ? run.before.begun() : Optional.of(run.start);
  }

  /// A verify that was begun here is over.
  public void ended(Instant now, String resource, int volume, VerifyReport report) {
    Key key = new Key(resource, volume);
    Running run = running.remove(key);
    if (run == null) {
      run = new Running(now, false, books.of(resource, volume));
    }
    VerifyRun done = VerifyRun.of(run.start, now, report, run.isScheduled);
    VolumeBook before = run.before;
    if (run.isScheduled) {
      long resume = report.isInterrupted() ? report.reachedSector() : 0;
      books.put(resource, volume, before.with(done, cycle(run, report.fromSector()), resume));
    } else {
      boolean sawAll = report.isWhole();
      books.put(
          resource,
          volume,
          before.with(
              done,
              sawAll ? Optional.of(run.start) : before.begun(),
              sawAll ? 0 : before.resumeSector()));
    }
  }

  /// When the next one is due; empty: never by itself.
  public Optional<Instant> due(String resource, int volume, Instant now) {
    return schedule.due(
        known.getOrDefault(new Key(resource, volume), now), books.of(resource, volume));
  }

  public VerifySchedule schedule() {
    return schedule;
  }

  VerifyBooks books() {
    return books;
  }

  private static Key key(Seen seen) {
    return new Key(seen.resource(), seen.volume());
  }
}
