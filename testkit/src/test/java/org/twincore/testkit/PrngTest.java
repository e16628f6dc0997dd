package org.twincore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class PrngTest {
  /// The reference values of SplitMix64 for seed 0.
  @Test
  void isSplitMix64() {
    Prng random = new Prng(0);
    assertThat(random.nextLong()).isEqualTo(0xe220a8397b1dcdafL);
    assertThat(random.nextLong()).isEqualTo(0x6e789e6aa1b965f4L);
    assertThat(random.nextLong()).isEqualTo(0x06c45d188009454fL);
  }

  /// Seeds are written into tests and reports: none of these draws may ever change.
  @Test
  void meansTheSameForEver() {
    Prng random = new Prng(7);
    byte[] bytes = new byte[11];
    random.nextBytes(bytes);
    StringBuilder draws = new StringBuilder();
    draws.append(HexFormat.of().formatHex(bytes));
    draws.append(' ').append(random.nextInt());
    draws.append(' ').append(random.nextInt(1000));
    draws.append(' ').append(random.nextInt(-5, 5));
    draws.append(' ').append(random.nextLong(1L << 40));
    draws.append(' ').append(random.nextLong(Long.MIN_VALUE, Long.MAX_VALUE));
    draws.append(' ').append(random.nextBoolean());
    draws.append(' ').append(random.nextDouble());
    draws.append(' ').append(random.nextFloat());
    draws.append(' ').append(random.split().nextLong());
    draws.append(' ').append(random.nextLong()).append('\n');
    Golden.check("src/test/golden/prng-seed7.txt", draws.toString());
  }

  @Test
  void boundedDrawsAreEven() {
    Prng random = new Prng(1);
    int[] hits = new int[7];
    for (int i = 0; i < 70_000; i++) {
      hits[random.nextInt(7)]++;
    }
    for (int n : hits) {
      assertThat(n).isBetween(9_500, 10_500);
    }
  }

  @Test
  void aSplitGeneratorIsIndependentOfLaterDraws() {
    Prng one = new Prng(3);
    Prng other = new Prng(3);
    Prng oneChild = one.split();
    Prng otherChild = other.split();
    other.nextLong();
    assertThat(oneChild.nextLong()).isEqualTo(otherChild.nextLong());
    assertThat(one.nextLong()).isNotEqualTo(oneChild.nextLong());
  }
}
