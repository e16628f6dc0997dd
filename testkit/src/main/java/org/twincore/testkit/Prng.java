package org.twincore.testkit;

import java.util.random.RandomGenerator;

/// Random numbers whose algorithm is ours, so that a seed means the same for ever.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014):
/// a counter with an odd step, mixed. Every draw that tests use is spelled out here and does not
/// lean on the JDK's default methods, whose algorithms may change. One owner at a time.
public final class Prng implements RandomGenerator {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private final long gamma;
  private long state;

  public Prng(long seed) {
    this(seed, GOLDEN_GAMMA);
  }

  private Prng(long state, long gamma) {
    this.state = state;
    this.gamma = gamma;
  }

  /// A generator whose draws do not depend on how many this one makes later.
  public Prng split() {
    return new Prng(nextLong(), mixGamma(next()));
  }

  /// A generator for draws beside those of this one, which makes none for it: what is added to an
  /// old sequence later leaves it as it was.
  public Prng aside() {
    return new Prng(mix(~state), GOLDEN_GAMMA);
  }

  @Override
  public long nextLong() {
    return mix(next());
  }

  private long next() {
    state += gamma;
    return state;
  }

  private static long mix(long counter) {
    long z = (counter ^ counter >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /// An odd step with enough bit changes, as the paper asks.
  private static long mixGamma(long counter) {
    long z = (counter ^ counter >>> 33) * 0xff51afd7ed558ccdL;
    z = (z ^ z >>> 33) * 0xc4ceb9fe1a85ec53L;
    z = (z ^ z >>> 33) | 1L;
    return Long.bitCount(z ^ z >>> 1) < 24 ? z ^ 0xaaaaaaaaaaaaaaaaL : z;
  }

  @Override
  public int nextInt() {
    return (int) (nextLong() >>> 32);
  }

  @Override
  public int nextInt(int bound) {
    return (int) nextLong(bound);
  }

  @Override
  public int nextInt(int origin, int bound) {
    return (int) nextLong(origin, bound);
  }

  /// Uniform in 0 to `bound` - 1: the high half of a 128-bit product, biased draws thrown away.
  @Override
  public long nextLong(long bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound " + bound);
    }
    long threshold = Long.remainderUnsigned(-bound, bound);
    while (true) {
      long draw = nextLong();
      if (Long.compareUnsigned(draw * bound, threshold) >= 0) {
        return Math.unsignedMultiplyHigh(draw, bound);
      }
    }
  }

  @Override
  public long nextLong(long origin, long bound) {
    if (origin >= bound) {
      throw new IllegalArgumentException("from " + origin + " to before " + bound);
    }
    long width = bound - origin;
    if (width > 0) {
      return origin + nextLong(width);
    }
    while (true) {
      long draw = nextLong();
      if (draw >= origin && draw < bound) {
        return draw;
      }
    }
  }

  @Override
  public boolean nextBoolean() {
    return nextLong() < 0;
  }

  @Override
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  @Override
  public float nextFloat() {
    return (nextLong() >>> 40) * 0x1.0p-24f;
  }

  @Override
  public void nextBytes(byte[] bytes) {
    long word = 0;
    for (int i = 0; i < bytes.length; i++) {
      word = i % Long.BYTES == 0 ? nextLong() : word >>> Byte.SIZE;
      bytes[i] = (byte) word;
    }
  }
}
