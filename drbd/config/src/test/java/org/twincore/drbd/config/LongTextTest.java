package org.twincore.drbd.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Texts that the kernel has room for, and longer ones: the words and the exit code are those of
/// Debian's drbdadm 9.22, which was asked with each of these lengths.
class LongTextTest {
  private static String config(String net, String options) {
    return """
    resource r0 {
      net { cram-hmac-alg sha1; %s }
      options { %s }
      on alice { device /dev/drbd0; disk /dev/a; meta-disk internal; address 127.0.0.1:7788; }
      on bob { device /dev/drbd0; disk /dev/a; meta-disk internal; address 10.0.0.2:7788; }
    }
    """
        .formatted(net, options);
  }

  private static ConfigException failure(String text) {
    ConfigException failure =
        catchThrowableOfType(ConfigException.class, () -> MapSource.read(text));
    assertThat(failure).as("refused").isNotNull();
    return failure;
  }

  /// Bytes count, not characters: an e with an accent is two.
  @ParameterizedTest
  @ValueSource(strings = {"s", "\u00e9"})
  void aSecretHasUpTo63Bytes(String letter) throws ConfigException {
    int letters = letter.equals("s") ? 63 : 31;
    String longest = letter.repeat(letters);
    NodeConfiguration all = MapSource.use(config("shared-secret \"" + longest + "\";", ""));
    NodeResource resource = all.resources().getFirst();
    assertThat(LateChecks.complaints(resource, all)).isEmpty();
    assertThat(ResourceConfig.of(resource, Optional.empty()).net().word(Option.SHARED_SECRET))
        .isEqualTo(longest);
    for (int more = 1; more <= 2; more++) {
      ConfigException failure =
          failure(config("shared-secret \"" + letter.repeat(letters + more) + "\";", ""));
      assertThat(failure)
          .hasMessage(
              "/c/main.conf:2: Parse error: while parsing value ('...')\n"
                  + "for shared-secret. Value is too long.\nmax len: 63");
      assertThat(failure.exitCode()).isEqualTo(10);
    }
  }

  /// drbdadm and the kernel take an empty secret, which proves nothing; this node does not start.
  @ParameterizedTest
  @ValueSource(strings = {"shared-secret \"\";", ""})
  void withoutASecretThereIsNoProof(String net) throws ConfigException {
    NodeConfiguration all = MapSource.use(config(net, ""));
    assertThat(LateChecks.complaints(all.resources().getFirst(), all))
        .containsExactly("/c/main.conf:1: cram-hmac-alg needs a shared-secret");
  }

  @ParameterizedTest
  @CsvSource({"csums-alg", "verify-alg", "data-integrity-alg"})
  void anAlgorithmHasUpTo63Bytes(String option) throws ConfigException {
    MapSource.read(config(option + " " + "a".repeat(63) + ";", ""));
    assertThat(failure(config(option + " " + "a".repeat(64) + ";", "")))
        .hasMessage(
            "/c/main.conf:2: Parse error: while parsing value ('aaaaaaaaaaaaaaaaaaaa...')\n"
                + "for "
                + option
                + ". Value is too long.\nmax len: 63");
  }

  @Test
  void aCpuMaskHasUpTo31Bytes() throws ConfigException {
    MapSource.read(config("", "cpu-mask " + "f".repeat(31) + ";"));
    assertThat(failure(config("", "cpu-mask " + "f".repeat(32) + ";")))
        .hasMessageContaining("for cpu-mask. Value is too long.\nmax len: 31");
    assertThat(failure(config("", "cpu-mask \"" + "\u00e9".repeat(16) + "\";")))
        .hasMessageContaining("max len: 31");
  }
}
