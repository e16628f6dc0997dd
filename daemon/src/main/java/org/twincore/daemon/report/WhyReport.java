package org.twincore.daemon.report;

import java.util.List;
import org.twincore.drbd.engine.exchange.Waiting;

/// The answer of `drbdadm why`: the engine's waitings with the peer's name and address, as text or
/// JSON.
public final class WhyReport {
  private static final long NANOS_PER_MILLI = 1_000_000L;
  private static final long MILLIS_PER_SECOND = 1000;
  private static final long SECONDS_PER_MINUTE = 60;
  private static final long SECONDS_PER_HOUR = 3600;

  /// One resource and what it waits for.
  public record OfResource(ReportedResource resource, List<Waiting> waitings) {
    public OfResource {
      waitings = List.copyOf(waitings);
    }
  }

  private WhyReport() {}

  /// For people; `nowNanos` is the resources' clock.
  public static String text(List<OfResource> resources, long nowNanos) {
    StringBuilder text = new StringBuilder();
    for (OfResource each : resources) {
      text.append(each.resource.name());
      if (each.waitings.isEmpty()) {
        text.append(" waits for nothing\n");
        continue;
      }
      text.append('\n');
      each.waitings.forEach(waiting -> paragraph(each.resource, waiting, nowNanos, text));
    }
    return text.toString();
  }

  private static void paragraph(
      ReportedResource resource, Waiting waiting, long nowNanos, StringBuilder text) {
    text.append("  ");
    if (waiting.volume() != Waiting.RESOURCE) {
      text.append("volume ").append(waiting.volume()).append(' ');
    }
    text.append(waiting.topic().word()).append(": ").append(waiting.state());
    if (isOfPeer(resource, waiting)) {
      text.append(", peer ")
          .append(resource.network().peerName())
          .append(' ')
          .append(resource.network().peerAddress());
    }
    if (waiting.sinceNanos() != 0) {
      text.append(", for ").append(age(nowNanos - waiting.sinceNanos()));
    }
    text.append('\n');
    if (!waiting.because().isEmpty()) {
      text.append("    because ").append(waiting.because()).append('\n');
    }
    text.append("    until ").append(waiting.until()).append('\n');
  }

  private static boolean isOfPeer(ReportedResource resource, Waiting waiting) {
    return waiting.topic() == Waiting.Topic.CONNECTION
        && !resource.network().peerAddress().isEmpty();
  }

  private static String age(long nanos) {
    long seconds = Math.max(0, nanos / NANOS_PER_MILLI / MILLIS_PER_SECOND);
    if (seconds < SECONDS_PER_MINUTE) {
      return seconds + " s";
    }
    return seconds < SECONDS_PER_HOUR
        ? seconds / SECONDS_PER_MINUTE + " min " + seconds % SECONDS_PER_MINUTE + " s"
        : seconds / SECONDS_PER_HOUR
            + " h "
            + seconds % SECONDS_PER_HOUR / SECONDS_PER_MINUTE
            + " min";
  }

  /// For programs: an array of resources, each with its `waits`; times in milliseconds, left out
  /// where nothing was recorded.
  public static String json(List<OfResource> resources, long nowNanos) {
    JsonLines out = new JsonLines();
    out.array(
        "",
        resources,
        each -> {
          out.text("name", each.resource.name());
          out.text("peer", each.resource.network().peerName());
          out.text("peer-address", each.resource.network().peerAddress());
          out.array("waits", each.waitings, waiting -> member(out, waiting, nowNanos));
        });
    return out.toString();
  }

  private static void member(JsonLines out, Waiting waiting, long nowNanos) {
    if (waiting.volume() != Waiting.RESOURCE) {
      out.raw("volume", waiting.volume());
    }
    out.text("topic", waiting.topic().word());
    out.text("state", waiting.state());
    out.text("because", waiting.because());
    out.text("until", waiting.until());
    if (waiting.sinceNanos() != 0) {
      out.raw("since-ms", Math.max(0, nowNanos - waiting.sinceNanos()) / NANOS_PER_MILLI);
    }
  }
}
