package org.twincore.cli.drbdsetup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Command lines of drbdsetup are read as `getopt_long` reads them, and wrong ones are refused.
class SetupLineTest {
  private static SetupLine line(String text) throws SetupLine.WrongLine {
    List<String> words = Arrays.asList(text.split(" "));
    return SetupLine.parse(
        SetupCommand.of(words.getFirst()).orElseThrow(), words.subList(1, words.size()));
  }

  private static void refused(String text, String why) {
    assertThatThrownBy(() -> line(text)).as(text).hasMessageContaining(why);
  }

  @Test
  void optionsStandAnywhereAndTheLastOfANameCounts() throws Exception {
    SetupLine line = line("attach --resync-rate=10M 0 /dev/a --al-extents 257 /dev/a internal");
    assertThat(line.arguments()).containsExactly("0", "/dev/a", "/dev/a", "internal");
    assertThat(line.options()).isEqualTo(Map.of("resync-rate", "10240", "al-extents", "257"));
    assertThat(line("resize 0 --size=1M --size=4k").number("size", 0)).isEqualTo(8);
  }

  @Test
  void aNameMayBeAsShortAsItIsUnique() throws Exception {
    assertThat(line("primary 0 --for").has("force")).isTrue();
    refused("net-options a b --after-sb=disconnect", "'--after-sb' is ambiguous");
    assertThat(line("verify 0 --sta 8s --").arguments()).containsExactly("0");
  }

  @Test
  void aFlagIsYesUnlessItSaysNo() throws Exception {
    assertThat(line("detach 0 --force").has("force")).isTrue();
    assertThat(line("detach 0 --force=yes").has("force")).isTrue();
    assertThat(line("detach 0 --force=no").has("force")).isFalse();
    assertThat(line("primary 0 --overwrite-data-of-peer").has("force")).isTrue();
  }

  @Test
  void whatOnlyAttachingSettlesIsNoOptionOfARunningDisk() {
    refused("disk-options 0 --size=1G", "unrecognized option '--size'");
    refused("secondary 0 --force", "unrecognized option '--force'");
  }

  @Test
  void wrongValuesAreNamed() {
    refused("attach 0 a a internal --resync-rate=0", "Option --resync-rate: invalid argument '0'");
    refused("attach 0 a a internal --on-io-error=panic", "invalid argument 'panic'");
    refused("detach 0 --force=perhaps", "invalid argument 'perhaps'");
    refused("disk-options 0 --set-defaults=yes", "invalid argument 'yes'");
    refused("connect r0 a b --timeout", "'--timeout' requires an argument");
    refused("status --color=pink", "unknown --color argument");
    refused("attach 0 a a internal --resync-after=-2", "invalid argument '-2'");
  }

  @Test
  void asManyArgumentsAsTheCommandHas() throws Exception {
    refused("new-minor r0 0", "Missing argument 'volume'");
    refused("new-minor r0 0 0 0", "Excess arguments: 0");
    assertThat(line("status").arguments()).isEmpty();
    assertThat(line("resource-options r0 --cpu-mask=").sectionOptions())
        .isEqualTo(Map.of("cpu-mask", ""));
  }

  @Test
  void anAddressHasAFamilyAndAPortUnlessTheyAreTheUsualOnes() {
    assertThat(SetupAddress.canonical("10.0.0.1")).hasValue("ipv4:10.0.0.1:7788");
    assertThat(SetupAddress.canonical("ipv4:10.0.0.1:99")).hasValue("ipv4:10.0.0.1:99");
    assertThat(SetupAddress.canonical("ipv6:[fe80::1%eth0]:99")).hasValue("ipv6:[fe80::1%eth0]:99");
    assertThat(SetupAddress.canonical("[::1]")).hasValue("ipv6:[::1]:7788");
    assertThat(SetupAddress.canonical("sdp:10.0.0.1:99")).isEmpty();
    assertThat(SetupAddress.canonical("alice:99")).isEmpty();
  }
}
