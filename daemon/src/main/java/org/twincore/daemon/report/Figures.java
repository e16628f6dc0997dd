package org.twincore.daemon.report;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// Units and the spelling of numbers, the same in every locale.
final class Figures {
  /// A bitmap bit stands for 4 KiB.
  static final int BLOCK_KIB = 4;

  static final int BLOCK_SECTORS = 8;

  private Figures() {}

  static long kib(long sectors) {
    return sectors / 2;
  }

  /// What is done of `total` when `left` is not, in percent with two decimals; 100.00 of nothing.
  static String percent(long left, long total) {
    return total == 0 ? "100.00" : twoDecimals(100 * (1 - (double) left / total));
  }

  /// As printf's `%.2f`: the exact value of the double, halves to even.
  static String twoDecimals(double value) {
    return new BigDecimal(value).setScale(2, RoundingMode.HALF_EVEN).toPlainString();
  }

  /// With a comma before each group of three digits.
  static String grouped(long value) {
    StringBuilder text = new StringBuilder(Long.toString(value));
    for (int at = text.length() - 3; at > 0; at -= 3) {
      text.insert(at, ',');
    }
    return text.toString();
  }
}
