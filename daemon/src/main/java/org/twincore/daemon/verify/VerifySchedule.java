package org.twincore.daemon.verify;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Optional;
import org.twincore.admin.settings.VerifyTimes;

/// When the next verify of a volume is due.
///
/// `verify-every` counts from the begin of one verify to the begin of the next. With `verify-at`
/// the next such moment counts that is not much too early: half the interval, at most twelve hours,
/// so that a verify that began late does not put off all that follow by a day.
public record VerifySchedule(VerifyTimes times, ZoneId zone) {
  private static final Duration EARLY_MAX = Duration.ofHours(12);

  /// How long a verify that was cut waits before it goes on.
  private static final Duration REST = Duration.ofMinutes(1);

  /// Empty: never. `known` is since when the volume is known, for one that was never verified.
  public Optional<Instant> due(Instant known, VolumeBook book) {
    if (times.every().isEmpty()) {
      return Optional.empty();
    }
    if (book.resumeSector() > 0) {
      return Optional.of(book.lastEnd().map(it -> it.plus(REST)).orElse(known));
    }
    if (book.begun().isEmpty()) {
      return Optional.of(times.at().isEmpty() ? known : nextAt(known));
    }
    Duration every = times.every().get();
    Instant next = book.begun().get().plus(every);
    if (times.at().isEmpty()) {
      return Optional.of(next);
    }
    Duration half = every.dividedBy(2);
    return Optional.of(nextAt(next.minus(half.compareTo(EARLY_MAX) < 0 ? half : EARLY_MAX)));
  }

  private Instant nextAt(Instant from) {
    ZonedDateTime there = from.atZone(zone);
    ZonedDateTime same = there.with(times.at().orElseThrow());
    return (same.isBefore(there) ? same.plusDays(1) : same).toInstant();
  }

  /// For people: `every 7d at 02:00, at most 4096 KiB/s`.
  public String words() {
    if (times.every().isEmpty()) {
      return "never by itself";
    }
    Duration every = times.every().get();
    String interval =
        every.toMinutes() % 60 != 0
            ? every.toMinutes() + "m"
            : every.toHours() % 24 != 0 ? every.toHours() + "h" : every.toDays() + "d";
    return "every "
        + interval
        + times.at().map(it -> " at " + it).orElse("")
        + ", at most "
        + times.rateKib()
        + " KiB/s";
  }
}
