package org.twincore.daemon.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.JsonText;
import org.twincore.admin.settings.VerifyTimes;
import org.twincore.daemon.verify.VerifyCalendar.Seen;
import org.twincore.daemon.verify.VerifyCalendar.Start;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.VerifyReport;

/// Verifies begin when they are due, one at a time, on one node, and go on where they were cut. The
/// clock is a number here.
class VerifyCalendarTest {
  private static final Instant NOON = Instant.parse("2030-05-06T12:00:00Z");
  private static final long SECTORS = 80_000;

  @TempDir Path folder;

  private Instant now = NOON;

  private static VerifyTimes times(Duration every, Optional<LocalTime> at) {
    return new VerifyTimes(Optional.of(every), at, 4096, Optional.empty());
  }

  private VerifyCalendar calendar(VerifyTimes times, ZoneId zone) {
    return new VerifyCalendar(new VerifySchedule(times, zone), new VerifyBooks(folder));
  }

  private VerifyCalendar daily() {
    return calendar(times(Duration.ofDays(1), Optional.empty()), ZoneOffset.UTC);
  }

  private static Seen ready(String resource, int volume) {
    return new Seen(resource, volume, true, "", false, OptionalLong.empty());
  }

  private static Seen verifying(String resource, long sector) {
    return new Seen(resource, 0, true, "the connection is VerifyS", true, OptionalLong.of(sector));
  }

  private static VerifyReport whole(long outOfSync, long dropped) {
    List<Extent> ranges = outOfSync == 0 ? List.of() : List.of(new Extent(80, outOfSync * 4096));
    return new VerifyReport(
        0, SECTORS, SECTORS, SECTORS, outOfSync, dropped, ranges, SECTORS, false);
  }

  private static VerifyReport cut(long from, long reached) {
    return new VerifyReport(from, SECTORS, reached, reached - from, 0, 0, List.of(), SECTORS, true);
  }

  private Optional<Start> look(VerifyCalendar calendar, Seen... volumes) {
    return calendar.look(now, List.of(volumes));
  }

  /// Lets one begin that must be due, run for a minute, and end.
  private void runs(VerifyCalendar calendar, VerifyReport report) {
    Start start = look(calendar, ready("r0", 0)).orElseThrow();
    assertThat(start.fromSector()).isEqualTo(report.fromSector());
    calendar.begun(now, start);
    now = now.plusSeconds(60);
    calendar.ended(now, "r0", 0, report);
  }

  private void pass(Duration time) {
    now = now.plus(time);
  }

  @Test
  void withoutAnIntervalNothingEverBegins() {
    VerifyCalendar calendar = calendar(VerifyTimes.NEVER, ZoneOffset.UTC);
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    pass(Duration.ofDays(10_000));
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    assertThat(calendar.due("r0", 0, now)).isEmpty();
  }

  @Test
  void theIntervalCountsFromBeginToBegin() {
    VerifyCalendar calendar = daily();
    runs(calendar, whole(0, 0));
    pass(Duration.ofDays(1).minusSeconds(61));
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    pass(Duration.ofSeconds(1));
    assertThat(look(calendar, ready("r0", 0))).contains(new Start("r0", 0, 0, 4096));
  }

  @Test
  void withATimeOfTheDayItBeginsThen() {
    VerifyCalendar calendar =
        calendar(
            times(Duration.ofDays(1), Optional.of(LocalTime.of(2, 0))), ZoneId.of("Asia/Tokyo"));
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    Instant two = Instant.parse("2030-05-06T17:00:00Z"); // 02:00 there
    assertThat(calendar.due("r0", 0, now)).contains(two);
    now = two.minusSeconds(1);
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    now = two.plusSeconds(4);
    runs(calendar, whole(0, 0));
    assertThat(calendar.due("r0", 0, now)).contains(two.plus(Duration.ofDays(1)));
    now = two.plus(Duration.ofDays(1)).plus(Duration.ofHours(7)); // the peer was away
    runs(calendar, whole(0, 0));
    assertThat(calendar.due("r0", 0, now)).contains(two.plus(Duration.ofDays(2)));
  }

  @Test
  void atTheChangeOfTheClocksItIsTheTimeOnTheWall() {
    now = Instant.parse("2030-03-30T12:00:00Z"); // summer time begins the next night
    VerifyCalendar calendar =
        calendar(
            times(Duration.ofDays(1), Optional.of(LocalTime.of(4, 0))), ZoneId.of("Europe/Vienna"));
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    assertThat(calendar.due("r0", 0, now)).contains(Instant.parse("2030-03-31T02:00:00Z"));
  }

  @Test
  void oneAtATimeAndNoneBesideAResync() {
    VerifyCalendar calendar = daily();
    Seen resync =
        new Seen("r1", 3, false, "the connection is SyncSource", true, OptionalLong.empty());
    assertThat(look(calendar, ready("r0", 0), resync)).isEmpty();
    assertThat(look(calendar, ready("r0", 0), verifying("r1", 0))).isEmpty();
    Start first = look(calendar, ready("r0", 0), ready("r0", 1), ready("r1", 0)).orElseThrow();
    calendar.begun(now, first);
    pass(Duration.ofSeconds(5));
    assertThat(look(calendar, verifying("r0", 8), ready("r0", 1), ready("r1", 0))).isEmpty();
    calendar.ended(now, "r0", 0, whole(0, 0));
    assertThat(look(calendar, ready("r0", 0), ready("r0", 1), ready("r1", 0)))
        .contains(new Start("r0", 1, 0, 4096));
  }

  @Test
  void onlyTheNodeThatIsToBeginsAny() {
    VerifyCalendar calendar = daily();
    Seen others = new Seen("r0", 0, false, "", false, OptionalLong.empty());
    assertThat(look(calendar, others)).isEmpty();
    pass(Duration.ofDays(30));
    assertThat(look(calendar, others)).isEmpty();
  }

  @Test
  void whatCannotBeginWaits() {
    VerifyCalendar calendar = daily();
    Seen away =
        new Seen("r0", 0, true, "the connection is WFConnection", false, OptionalLong.empty());
    assertThat(look(calendar, away)).isEmpty();
    pass(Duration.ofDays(3));
    assertThat(look(calendar, away)).isEmpty();
    assertThat(look(calendar, ready("r0", 0))).isPresent();
    assertThat(VerifyReportText.text(calendar, List.of("r0"), List.of(away), now))
        .isEqualTo(
            """
            r0 volume 0: every 1d, at most 4096 KiB/s; next due 2030-05-06T12:00:00Z, waits: the connection is WFConnection
              no verify was begun on this node yet
            """);
  }

  @Test
  void aCutOneGoesOnWhereItWas() {
    VerifyCalendar calendar = daily();
    runs(calendar, cut(0, 16_000));
    assertThat(look(calendar, ready("r0", 0))).as("a moment of rest").isEmpty();
    pass(Duration.ofMinutes(1));
    runs(calendar, cut(16_000, 24_000));
    pass(Duration.ofMinutes(1));
    VerifyReport rest =
        new VerifyReport(
            24_000, SECTORS, SECTORS, SECTORS - 24_000, 0, 0, List.of(), SECTORS, false);
    runs(calendar, rest);
    assertThat(calendar.due("r0", 0, now)).contains(NOON.plus(Duration.ofDays(1)));
  }

  /// The process ends while one runs: the next one goes on from what was compared and settled.
  @Test
  void aProcessThatDiesGoesOnWhereItWas() {
    VerifyCalendar calendar = daily();
    calendar.begun(now, look(calendar, ready("r0", 0)).orElseThrow());
    pass(Duration.ofSeconds(5));
    look(calendar, verifying("r0", 800));
    pass(Duration.ofSeconds(5));
    look(calendar, verifying("r0", 1600));

    VerifyCalendar next = daily();
    pass(Duration.ofMinutes(2));
    assertThat(look(next, ready("r0", 0))).contains(new Start("r0", 0, 1600, 4096));
    assertThat(VerifyReportText.text(next, List.of("r0"), List.of(ready("r0", 0)), now))
        .contains("scheduled, 10 s, 1600 sectors from 0")
        .contains("interrupted");
  }

  /// A clock that was set back lets nothing begin twice at once, and stops nothing for good.
  @Test
  void aClockThatJumpsBackOnlyDelays() {
    VerifyCalendar calendar = daily();
    runs(calendar, whole(0, 0));
    pass(Duration.ofDays(-2));
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    pass(Duration.ofDays(3));
    assertThat(look(calendar, ready("r0", 0))).isPresent();
  }

  @Test
  void anAdminsWholeVerifyCountsAPartDoesNot() {
    VerifyCalendar calendar = daily();
    assertThat(look(calendar, ready("r0", 0))).isPresent();
    VerifyReport part = new VerifyReport(0, 800, 800, 800, 0, 0, List.of(), SECTORS, false);
    calendar.ended(now, "r0", 0, part);
    assertThat(look(calendar, ready("r0", 0))).isPresent();
    calendar.ended(now, "r0", 0, whole(0, 0));
    assertThat(look(calendar, ready("r0", 0))).isEmpty();
    assertThat(calendar.due("r0", 0, now)).contains(now.plus(Duration.ofDays(1)));
  }

  @Test
  void theBookOutlivesTheProcessAndIsShort() throws Exception {
    VerifyCalendar calendar = daily();
    List<Instant> begins = new ArrayList<>();
    for (int i = 0; i < VolumeBook.RUNS_MAX + 3; i++) {
      begins.add(now);
      runs(calendar, whole(i % 3, 1));
      pass(Duration.ofDays(1));
    }
    Map<String, Object> file =
        JsonText.parseObject(Files.readString(folder.resolve("verify-r0.json")));
    assertThat(file).containsEntry("resource", "r0");
    VolumeBook book = new VerifyBooks(folder).of("r0", 0);
    assertThat(book).isEqualTo(calendar.books().of("r0", 0));
    assertThat(book.runs()).hasSize(VolumeBook.RUNS_MAX);
    assertThat(book.runs().getLast().start()).isEqualTo(begins.getLast());
    String json = VerifyReportText.json(daily(), List.of("r0"), List.of(ready("r0", 0)), now);
    assertThat(json)
        .contains("\"out-of-sync-blocks\":1")
        .contains("\"dropped-false-alarms\":1")
        .contains("\"ranges\":[{\"start\":80,\"size\":8}]")
        .contains("\"next-due\":\"" + now.minusSeconds(60) + "\"");
  }

  @Test
  void aTornBookBeginsAnew() throws IOException {
    Files.writeString(folder.resolve("verify-r0.json"), "{\"resource\":\"r0\",\"volumes\":[{");
    VerifyCalendar calendar = daily();
    assertThat(look(calendar, ready("r0", 0))).contains(new Start("r0", 0, 0, 4096));
  }
}
