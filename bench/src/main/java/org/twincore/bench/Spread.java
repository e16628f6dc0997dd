package org.twincore.bench;

import java.util.Collection;
import java.util.Locale;

/// The least, the middle and the greatest of some figures.
record Spread(double min, double median, double max) {
  static Spread of(Collection<Double> figures) {
    if (figures.isEmpty()) {
      throw new IllegalArgumentException("no figures");
    }
    double[] sorted = figures.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(sorted[0], median, sorted[sorted.length - 1]);
  }

  /// `min-MEDIAN-max` in three digits or so.
  String text() {
    return number(min) + " - **" + number(median) + "** - " + number(max);
  }

  static String number(double figure) {
    String format = Math.abs(figure) < 10 ? "%.2f" : Math.abs(figure) < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, figure);
  }
}
