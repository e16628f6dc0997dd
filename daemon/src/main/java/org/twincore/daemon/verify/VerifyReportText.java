package org.twincore.daemon.verify;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.twincore.admin.JsonText;
import org.twincore.daemon.verify.VerifyCalendar.Seen;
import org.twincore.drbd.Extent;

/// The answer of `drbdadm verify-report`: the last verifies, newest first, and when the next is
/// due.
public final class VerifyReportText {
  private static final int RANGES_SHOWN = 10;

  private VerifyReportText() {}

  /// For people; `volumes` are those of the node that are asked for, `now` is its clock.
  public static String text(
      VerifyCalendar calendar, List<String> resources, List<Seen> volumes, Instant now) {
    StringBuilder text = new StringBuilder();
    for (String resource : resources) {
      for (int volume : numbers(calendar, resource, volumes)) {
        text.append(resource).append(" volume ").append(volume).append(": ");
        text.append(next(calendar, resource, volume, volumes, now)).append('\n');
        VolumeBook book = calendar.books().of(resource, volume);
        for (VerifyRun run : book.runs().reversed()) {
          run(run, text);
        }
        if (book.runs().isEmpty()) {
          text.append("  no verify was begun on this node yet\n");
        }
      }
    }
    return text.toString();
  }

  private static String next(
      VerifyCalendar calendar, String resource, int volume, List<Seen> volumes, Instant now) {
    Optional<Seen> seen = find(resource, volume, volumes);
    String plan = calendar.schedule().words();
    Optional<Instant> due = calendar.due(resource, volume, now);
    if (due.isEmpty()) {
      return plan;
    }
    if (seen.isPresent() && !seen.get().isOurs()) {
      return plan + "; begun by the other node";
    }
    String obstacle = seen.map(Seen::obstacle).orElse("the volume is not up");
    boolean waits = !due.get().isAfter(now) && !obstacle.isEmpty();
    return plan + "; next due " + due.get() + (waits ? ", waits: " + obstacle : "");
  }

  private static void run(VerifyRun run, StringBuilder text) {
    text.append("  ").append(run.start()).append(run.isScheduled() ? " scheduled" : " by hand");
    text.append(", ").append(Duration.between(run.start(), run.end()).toSeconds()).append(" s, ");
    text.append(run.sectors()).append(" sectors from ").append(run.fromSector());
    text.append(": ").append(run.outOfSyncBlocks()).append(" blocks out of sync, ");
    text.append(run.droppedBlocks()).append(" false alarms dropped");
    text.append(run.isInterrupted() ? ", interrupted\n" : "\n");
    int shown = Math.min(RANGES_SHOWN, run.ranges().size());
    for (Extent range : run.ranges().subList(0, shown)) {
      text.append("    out of sync: start=").append(range.sector());
      text.append(", size=").append(range.sizeSectors()).append(" (sectors)\n");
    }
    if (shown < run.ranges().size()) {
      text.append("    and ").append(run.ranges().size() - shown).append(" more ranges\n");
    }
  }

  /// For programs: an array of resources.
  public static String json(
      VerifyCalendar calendar, List<String> resources, List<Seen> volumes, Instant now) {
    List<String> all = new ArrayList<>();
    for (String resource : resources) {
      List<Object> parts = new ArrayList<>();
      for (int volume : numbers(calendar, resource, volumes)) {
        Map<String, Object> map = calendar.books().of(resource, volume).json(volume);
        map.put("schedule", calendar.schedule().words());
        calendar.due(resource, volume, now).ifPresent(it -> map.put("next-due", it.toString()));
        find(resource, volume, volumes)
            .ifPresent(it -> {
              map.put("begun-here", it.isOurs());
              map.put("waits-for", it.obstacle());
            });
        parts.add(map);
      }
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("resource", resource);
      one.put("volumes", parts);
      all.add(JsonText.write(one));
    }
    return "[" + String.join(",\n ", all) + "]\n";
  }

  private static TreeSet<Integer> numbers(
      VerifyCalendar calendar, String resource, List<Seen> volumes) {
    TreeSet<Integer> numbers = new TreeSet<>(calendar.books().volumes(resource));
    volumes.stream()
        .filter(it -> it.resource().equals(resource))
        .forEach(it -> numbers.add(it.volume()));
    return numbers;
  }

  private static Optional<Seen> find(String resource, int volume, List<Seen> volumes) {
    return volumes.stream()
        .filter(it -> it.resource().equals(resource) && it.volume() == volume)
        .findFirst();
  }
}
