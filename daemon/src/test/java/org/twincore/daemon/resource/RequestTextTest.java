package org.twincore.daemon.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.Option.Section;
import org.twincore.drbd.config.OptionValues;

class RequestTextTest {
  @Test
  void readsEachTypeOfOption() throws RefusedException {
    OptionValues net =
        OptionText.parse(
            Section.NET,
            Map.of("timeout", "42", "use-rle", "no", "protocol", "A", "shared-secret", "x y"));

    assertThat(net.num(Option.TIMEOUT)).isEqualTo(42);
    assertThat(net.flag(Option.USE_RLE)).isFalse();
    assertThat(net.word(Option.PROTOCOL)).isEqualTo("A");
    assertThat(net.word(Option.SHARED_SECRET)).isEqualTo("x y");
    assertThat(net.isSet(Option.PING_INT)).isFalse();
  }

  @Test
  void bringsAlExtentsIntoItsRangeAsTheKernelDoes() throws RefusedException {
    assertThat(OptionText.parse(Section.DISK, Map.of("al-extents", "6")).num(Option.AL_EXTENTS))
        .isEqualTo(67);
    assertThat(OptionText.parse(Section.DISK, Map.of("al-extents", "70000")).num(Option.AL_EXTENTS))
        .isEqualTo(65534);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"timeout=0", "timeout=x", "use-rle=maybe", "protocol=D", "al-extents=100", "?=1"})
  void refusesWhatAnOptionDoesNotTake(String setting) {
    String[] halves = setting.split("=");
    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() -> OptionText.parse(Section.NET, Map.of(halves[0], halves[1])));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cram-hmac-alg", "csums-alg", "verify-alg", "data-integrity-alg"})
  void refusesDigestsThatNobodyKnows(String option) throws RefusedException {
    OptionText.parse(Section.NET, Map.of(option, "sha1"));
    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() -> OptionText.parse(Section.NET, Map.of(option, "nosuch")))
        .withMessageContaining("nosuch");
  }

  /// The kernel takes 63 bytes, not characters; none is no secret.
  @Test
  void aSecretHasUpTo63Bytes() throws RefusedException {
    for (String secret : List.of("", "s".repeat(63), "\u00e9".repeat(31) + "s")) {
      OptionValues net = OptionText.parse(Section.NET, Map.of("shared-secret", secret));
      assertThat(net.word(Option.SHARED_SECRET)).isEqualTo(secret);
    }
    for (String secret : List.of("s".repeat(64), "s".repeat(65), "\u00e9".repeat(32))) {
      assertThatExceptionOfType(RefusedException.class)
          .isThrownBy(() -> OptionText.parse(Section.NET, Map.of("shared-secret", secret)))
          .withMessageContaining("at most 63");
    }
  }

  @Test
  void readsAddresses() throws RefusedException {
    assertThat(AddressText.parse("ipv4:10.0.0.1:7788")).hasToString("/10.0.0.1:7788");
    assertThat(AddressText.parse("ipv6:[::1]:7789").getPort()).isEqualTo(7789);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.1:7788",
        "ipv4:node1:7788",
        "ipv4:10.0.0.1:0",
        "ipv4:10.0.0.1:65536",
        "ipv4:10.0.0.1",
        "ipv4:999.0.0.1:7788",
        "ipv6:::1:7788",
        "sdp:10.0.0.1:7788"
      })
  void refusesWhatIsNoAddress(String text) {
    assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> AddressText.parse(text));
  }
}
