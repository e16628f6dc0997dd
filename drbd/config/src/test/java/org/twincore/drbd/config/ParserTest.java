package org.twincore.drbd.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.Prng;

class ParserTest {
  private static final String HOSTS =
      """
      on alice { device /dev/drbd0; disk /dev/a; meta-disk internal; address 127.0.0.1:7788; }
      on bob { device /dev/drbd0; disk /dev/a; meta-disk internal; address 10.0.0.2:7788; }
      """;

  private static String resource(String name) throws IOException {
    try (InputStream in = ParserTest.class.getResourceAsStream("/conf/" + name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static ResourceConfig config(String text, String node) throws ConfigException {
    LocalNode local = new LocalNode(node, _ -> true);
    NodeConfiguration merged =
        NodeConfiguration.of(MapSource.read(text), local, NodeConfiguration.Match.HOST).merged();
    NodeConfiguration checked = NodeChecks.forUse(merged, Optional.empty());
    return ResourceConfig.of(checked.resources().getFirst(), Optional.empty());
  }

  private static ConfigException failure(String text) {
    try {
      MapSource.read(text);
    } catch (ConfigException e) {
      return e;
    }
    throw new AssertionError("accepted: " + text);
  }

  @Test
  void readsTheChaptersFileOf07() throws Exception {
    ResourceConfig config = config(resource("chapter-6.3.1.conf"), "node1.differentialdesign.org");

    assertThat(config.name()).isEqualTo("drbd1");
    assertThat(config.address()).hasToString("ipv4:10.0.0.1:7789");
    assertThat(config.peer().orElseThrow().address()).hasToString("ipv4:10.0.0.2:7789");
    assertThat(config.net().num(Option.KO_COUNT)).isEqualTo(4);
    ResourceConfig.Volume volume = config.volumes().getFirst();
    assertThat(volume.disk()).isEqualTo("/dev/hdd1");
    assertThat(volume.diskOptions().num(Option.RESYNC_RATE)).isEqualTo(10000);
    assertThat(volume.diskOptions().word(Option.ON_IO_ERROR)).isEqualTo("call-local-io-error");
  }

  @Test
  void readsTheChaptersFileOf8WithTwoResources() throws Exception {
    ResourceConfig config = config(resource("chapter-6.5.conf"), "core-02");

    assertThat(config.net().flag(Option.ALLOW_TWO_PRIMARIES)).isTrue();
    assertThat(config.net().word(Option.SHARED_SECRET)).isEqualTo("123456");
    assertThat(config.becomePrimaryOn()).containsExactly("both");
    assertThat(config.volumes().getFirst().diskOptions().num(Option.RESYNC_RATE)).isEqualTo(102400);
  }

  @Test
  void warnsOfAFileThatIsAllComment() throws Exception {
    for (String name : List.of("chapter-6.3.1-as-printed.conf", "chapter-6.5-as-printed.conf")) {
      Configuration configuration = MapSource.read(resource(name));

      assertThat(configuration.resources()).isEmpty();
      assertThat(configuration.warnings()).singleElement().asString().contains("no resource");
    }
  }

  @Test
  void mergesCommonThenResourceThenVolume() throws Exception {
    ResourceConfig config =
        config(
            "common { net { timeout 50; ping-int 20; } disk { c-plan-ahead 5; al-extents 6; } }"
                + " resource r { net { timeout 40; } disk { c-plan-ahead 7; resync-rate 2M; }"
                + " volume 3 { device minor 4; disk /dev/a; meta-disk /dev/m [2]; }"
                + " on alice { address 127.0.0.1:1; }"
                + " on bob { address 10.0.0.2:1; } }",
            "alice");

    assertThat(config.net().num(Option.TIMEOUT)).isEqualTo(40);
    assertThat(config.net().num(Option.PING_INT)).isEqualTo(20);
    ResourceConfig.Volume volume = config.volumes().getFirst();
    assertThat(volume.number()).isEqualTo(3);
    assertThat(volume.metaDevice()).isEqualTo("/dev/m");
    assertThat(volume.metaDisk().slot()).hasValue(2);
    assertThat(volume.diskOptions().num(Option.C_PLAN_AHEAD)).isEqualTo(7);
    assertThat(volume.diskOptions().num(Option.AL_EXTENTS)).as("clamped").isEqualTo(67);
  }

  @Test
  void namesFileLineAndColumnOfASyntaxError() {
    ConfigException e = failure("resource r {\n  net { foo 1; }\n}\n");

    assertThat(e).hasMessageStartingWith("/c/main.conf:2: Parse error: 'an option keyword'");
    assertThat(e.position().orElseThrow()).hasToString("/c/main.conf:2:9");
    assertThat(e.exitCode()).isEqualTo(10);
  }

  @Test
  void tellsAMalformedNumberFromOneOutOfRange() {
    assertThat(failure("resource r { net { timeout 100X; } " + HOSTS + "}").exitCode())
        .isEqualTo(20);
    ConfigException e = failure("resource r { net { timeout 6s; } " + HOSTS + "}");
    assertThat(e.exitCode()).isEqualTo(10);
    assertThat(e).hasMessageContaining("3072 out of range [1..600]").hasMessageContaining("never");
  }

  @Test
  void namesDrbd9SyntaxAsSuch() {
    assertThat(failure("resource r { options { quorum majority; } " + HOSTS + "}"))
        .hasMessageContaining("DRBD 9 syntax");
    assertThat(failure("resource r { connection { } }")).hasMessageContaining("DRBD 9 syntax");
  }

  @Test
  void readsIncludedFilesOnceAndInOrder() throws Exception {
    MapSource source =
        MapSource.of("include \"d/*.res\"; include d/a.res; include \"none/*\";")
            .with("/c/d/a.res", "resource a { " + HOSTS + "} include \"../main.conf\";")
            .with("/c/d/b.res", "common { protocol A; }");

    Configuration configuration = source.read();

    assertThat(configuration.resources()).hasSize(1);
    assertThat(configuration.resources().getFirst().at().fileLine()).isEqualTo("/c/d/a.res:1");
    assertThat(configuration.common()).isPresent();
  }

  @Test
  void refusesAMissingInclude() {
    assertThat(failure("include nothing.res;")).hasMessageContaining("Failed to open include file");
  }

  @Test
  void forgivesMissingSemicolonsOnlyInAFileOf07() throws Exception {
    String body =
        "resource r {\n protocol C\n net {\n on-disconnect reconnect\n }\n syncer {\n group 1\n"
            + " rate 10M\n }\n"
            + HOSTS
            + "}";
    Configuration old = MapSource.read(body);
    assertThat(old.warnings()).anyMatch(text -> text.contains("missing ';'"));
    assertThatThrownBy(() ->
            MapSource.read(
                body.replace(" on-disconnect reconnect\n", "").replace(" group 1\n", "")))
        .hasMessageContaining("';' expected");
  }

  @Test
  void turnsWordsOf07IntoTodays() throws Exception {
    ResourceConfig config =
        config(
            "resource r { incon-degr-cmd \"halt -f\"; skip foo { a { } }"
                + " net { bdev-treshold 64; on-disconnect stand_alone; } disk { do-panic; }"
                + HOSTS.replace("/dev/drbd0", "/dev/nb0")
                + "}",
            "alice");

    assertThat(config.handlers().word(Option.PRI_ON_INCON_DEGR)).isEqualTo("halt -f");
    assertThat(config.net().num(Option.UNPLUG_WATERMARK)).isEqualTo(64);
    assertThat(config.standAloneOnDisconnect()).isTrue();
    assertThat(config.volumes().getFirst().device()).isEqualTo("/dev/drbd0");
    assertThat(config.volumes().getFirst().diskOptions().word(Option.ON_IO_ERROR))
        .isEqualTo("call-local-io-error");
  }

  @Test
  void limitsWhatHostileFilesCost() {
    MapSource source = MapSource.of("").with("/c/main.conf", new byte[20_000_000]);
    assertThatThrownBy(source::read).hasMessageContaining("larger than");
    assertThat(failure("skip { " + "word; ".repeat(1_700_000) + "} x"))
        .as("10 MB on one line are read to their end")
        .hasMessageContaining("'x'");
    assertThat(failure("resource " + "x".repeat(3_000_000))).hasMessageContaining("more than 128");
    assertThat(failure("resource \"" + "x".repeat(300) + "\" {"))
        .hasMessageContaining("more than 255");
    assertThat(failure("skip { " + "{".repeat(2_000_000))).hasMessageContaining("end of file");
    assertThat(failure("resource r0 { net { " + "timeout 60; ".repeat(300_000) + "} }"))
        .hasMessageContaining("more than 1000 options in one section");
    assertThat(failure("\0\1\2")).hasMessageContaining("0x00");
    MapSource deep = new MapSource();
    for (int i = 0; i < 30; i++) {
      deep.with(i == 0 ? "/c/main.conf" : "/c/f" + i, "include \"f" + (i + 1) + "\";");
    }
    assertThatThrownBy(deep::read).hasMessageContaining("deep");
  }

  @Test
  void neverCrashesOnRandomTokens() {
    Prng random = new Prng(7);
    String[] words =
        ("resource r { } ; on alice disk device minor 0 /dev/drbd0 address 10.0.0.1 : 7788 net disk"
                + " syncer rate 10M 5 \"x y\" volume common global include \"*\" skip floating ipv6"
                + " [ fe80::1 ] meta-disk internal proxy plugin no-disk-barrier yes no startup"
                + " become-primary-on both stacked-on-top-of group on-disconnect # \n \" % \\")
            .split(" ");
    for (int run = 0; run < 20_000; run++) {
      StringBuilder text = new StringBuilder(run % 2 == 0 ? "resource r { " : "");
      for (int i = random.nextInt(40); i > 0; i--) {
        text.append(words[random.nextInt(words.length)]).append(' ');
      }
      try {
        NodeConfiguration all = MapSource.use(text.toString());
        all.resources().stream()
            .filter(r -> !r.isIgnored())
            .forEach(r -> LateChecks.complaints(r, all));
      } catch (ConfigException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }
}
