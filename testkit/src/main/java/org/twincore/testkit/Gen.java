package org.twincore.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// The values a property test draws: at random from a seed, or every combination in turn.
///
/// ```
/// Gen.check(500, gen -> assertThat(decode(encode(packet(gen)))).isEqualTo(...));
/// Gen.exhaustive(gen -> claim(gen.intIn(0, 3), gen.bool()));
/// ```
///
/// A failure names its seed; `-Dseed=N` runs that one only.
public final class Gen {
  private static final long FIRST_SEED = 1;
  private static final int COMBINATIONS_MAX = 5_000_000;

  /// A claim about whatever is drawn; fails by throwing.
  @FunctionalInterface
  public interface Property {
    void holdsFor(Gen gen) throws Exception;
  }

  /// Where draws come from.
  private interface Source {
    /// 0 to `count` - 1.
    long below(long count);
  }

  private final Source source;

  private Gen(Source source) {
    this.source = source;
  }

  /// Draws from `random`.
  public static Gen of(RandomGenerator random) {
    return new Gen(random::nextLong);
  }

  /// Tries the property with `rounds` seeds, always the same ones; or with that of `-Dseed=`.
  public static void check(int rounds, Property property) {
    String only = System.getProperty("seed");
    long first = only == null ? FIRST_SEED : Long.parseLong(only);
    long last = only == null ? FIRST_SEED + rounds - 1 : first;
    for (long seed = first; seed <= last; seed++) {
      try {
        property.holdsFor(Gen.of(new Prng(seed)));
      } catch (Exception | AssertionError failure) {
        throw new AssertionError(
            "with seed " + seed + " (rerun: -Dseed=" + seed + "): " + failure, failure);
      }
    }
  }

  /// Tries the property with every combination of what it draws; how many there were.
  ///
  /// Counts like an odometer: each run replays the draws of the last one up to the one to change.
  public static long exhaustive(Property property) {
    Odometer odometer = new Odometer();
    long combinations = 0;
    do {
      if (++combinations > COMBINATIONS_MAX) {
        throw new IllegalStateException("more than " + COMBINATIONS_MAX + " combinations");
      }
      try {
        property.holdsFor(new Gen(odometer));
      } catch (Exception | AssertionError failure) {
        throw new AssertionError("with draws " + odometer + ": " + failure, failure);
      }
    } while (odometer.advance());
    return combinations;
  }

  /// `from` to `to`, both included; the range may have up to 2^63 - 1 values.
  public long longIn(long from, long to) {
    long count = to - from + 1;
    if (from > to || count <= 0) {
      throw new IllegalArgumentException("from " + from + " to " + to);
    }
    return from + source.below(count);
  }

  /// `from` to `to`, both included.
  public int intIn(int from, int to) {
    return (int) longIn(from, to);
  }

  public boolean bool() {
    return source.below(2) == 1;
  }

  /// True `hits` times out of `tries`.
  public boolean chance(int hits, int tries) {
    return source.below(tries) < hits;
  }

  /// Any 32 bits; the borders more often than chance would give them.
  public int anyInt() {
    return (int) anyLong();
  }

  /// Any 64 bits; the borders more often than chance would give them.
  public long anyLong() {
    long[] borders = {0, 1, -1, 0x7fffffffL, 0x80000000L, 0xffffffffL, Long.MAX_VALUE};
    long kind = source.below(borders.length + 10L);
    return kind < borders.length
        ? borders[(int) kind]
        : source.below(1L << 32) << 32 | source.below(1L << 32);
  }

  public byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) source.below(256);
    }
    return bytes;
  }

  public <T> T oneOf(List<T> values) {
    return values.get((int) source.below(values.size()));
  }

  @SafeVarargs
  public final <T> T oneOf(T... values) {
    return values[(int) source.below(values.length)];
  }

  /// The digits of the present combination, the last one turning fastest.
  private static final class Odometer implements Source {
    private long[] digits = new long[16];
    private long[] counts = new long[16];
    private int length;
    private int next;

    @Override
    public long below(long count) {
      if (next == length) {
        if (length == digits.length) {
          digits = Arrays.copyOf(digits, 2 * length);
          counts = Arrays.copyOf(counts, 2 * length);
        }
        digits[length] = 0;
        counts[length] = count;
        length++;
      } else if (counts[next] != count) {
        throw new IllegalStateException("the property draws differently when replayed");
      }
      return digits[next++];
    }

    boolean advance() {
      next = 0;
      while (length > 0 && digits[length - 1] == counts[length - 1] - 1) {
        length--;
      }
      if (length == 0) {
        return false;
      }
      digits[length - 1]++;
      return true;
    }

    @Override
    public String toString() {
      return Arrays.toString(Arrays.copyOf(digits, length));
    }
  }
}
