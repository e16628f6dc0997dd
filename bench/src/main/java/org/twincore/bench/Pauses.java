package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How often and how long a JVM stood still, by its own safepoint log (`-Xlog:safepoint`).
record Pauses(int count, double longestMillis, double sumMillis) {
  private static final Pattern TOTAL = Pattern.compile("Total: +([0-9]+) ns");
  private static final double NANOS_PER_MILLI = 1e6;

  static Pauses read(Path log) throws IOException {
    List<Double> millis = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      Matcher total = TOTAL.matcher(line);
      if (total.find()) {
        millis.add(Long.parseLong(total.group(1)) / NANOS_PER_MILLI);
      }
    }
    return new Pauses(
        millis.size(),
        millis.isEmpty() ? 0 : Collections.max(millis),
        millis.stream().mapToDouble(Double::doubleValue).sum());
  }

  String text() {
    return String.format(
        Locale.ROOT, "%d, longest %.2f ms, together %.1f ms", count, longestMillis, sumMillis);
  }
}
