package org.twincore.drbd.config;

import java.util.OptionalLong;
import org.twincore.drbd.config.Option.Unit;

/// Numbers with an optional suffix: K, M, G (either case) of 1024, and s for sectors of 512 bytes,
/// never for seconds.
final class Numbers {
  private static final int DIGITS_MAX = 19;

  private Numbers() {}

  /// The value in the given unit, rounded up to a whole one; empty if the text is no number or too
  /// large for 63 bits.
  static OptionalLong parse(String text, Unit unit) {
    if (text.startsWith("-") && text.length() > 1) {
      OptionalLong positive = parse(text.substring(1), unit);
      return positive.isPresent() && text.charAt(1) != '-'
          ? OptionalLong.of(-positive.getAsLong())
          : OptionalLong.empty();
    }
    int digits = 0;
    while (digits < text.length() && Character.digit(text.charAt(digits), 10) >= 0) {
      digits++;
    }
    if (digits == 0 || digits > DIGITS_MAX || text.length() > digits + 1) {
      return OptionalLong.empty();
    }
    long count;
    try {
      count = Long.parseLong(text.substring(0, digits));
    } catch (NumberFormatException _) {
      return OptionalLong.empty();
    }
    if (digits == text.length()) {
      return OptionalLong.of(count);
    }
    long suffixBytes =
        switch (text.charAt(digits)) {
          case 'K', 'k' -> 1L << 10;
          case 'M', 'm' -> 1L << 20;
          case 'G', 'g' -> 1L << 30;
          case 's' -> 512L;
          default -> 0L;
        };
    if (suffixBytes == 0 || count > Long.MAX_VALUE / suffixBytes) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Math.ceilDiv(count * suffixBytes, (long) unit.bytes()));
  }
}
