package org.twincore.it.config;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.config.Option;
import org.twincore.testkit.Prng;

/// Random configurations, mostly valid, drawn from the option table and the grammar; about half of
/// them are then damaged in one or two tokens.
final class GeneratedConfig {
  private static final List<String> WORDS_FOR_DAMAGE =
      List.of(
          "{",
          "}",
          ";",
          "[",
          "]",
          ":",
          "net",
          "disk",
          "on",
          "resource",
          "common",
          "volume",
          "7",
          "\"",
          "10M",
          "no",
          "yes",
          "minor",
          "x",
          "9999999",
          "internal",
          "address",
          "ipv6",
          "#",
          "protocol",
          "syncer",
          "5s",
          "alice",
          "/dev/drbd1",
          "127.0.0.1",
          "::1",
          "skip",
          "global");

  private final Prng random;
  private final StringBuilder text = new StringBuilder();
  private int nextMinor;
  private int nextPort = 7700;

  private GeneratedConfig(Prng random) {
    this.random = random;
  }

  static String draw(long seed) {
    GeneratedConfig config = new GeneratedConfig(new Prng(seed));
    config.file();
    return config.random.nextInt(2) == 0 ? config.text.toString() : config.damaged();
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  private <T> T one(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private void put(String... words) {
    for (String word : words) {
      text.append(word).append(one(List.of(" ", " ", " ", "\n", "\t", "  # a remark\n")));
    }
  }

  private void file() {
    if (chance(40)) {
      put("global", "{");
      options(Option.Section.GLOBAL, 3);
      put("}");
    }
    if (chance(50)) {
      put("common", "{");
      sections();
      put("}");
    }
    for (int i = random.nextInt(3); i >= 0; i--) {
      resource("r" + i);
    }
  }

  private void resource(String name) {
    put("resource", chance(20) ? "\"" + name + " x\"" : name, "{");
    boolean explicit = chance(40);
    int volumes = explicit ? 1 + random.nextInt(3) : 1;
    int first = nextMinor;
    nextMinor += volumes;
    if (chance(70)) {
      sections();
    }
    boolean above = chance(40);
    if (above) {
      volumes(explicit, volumes, first, "");
    }
    if (chance(12)) {
      floating("127.0.0.1", above, explicit, volumes, first);
      floating("10.1.1.1", above, explicit, volumes, first);
    } else {
      host(
          one(List.of("alice", "alice", "alice eve", "zoe")),
          "127.0.0.1",
          above,
          explicit,
          volumes,
          first);
      host("bob", "10.1.1.1", above, explicit, volumes, first);
      if (chance(8)) {
        host("carl", "10.1.1.2", above, explicit, volumes, first);
      }
    }
    put("}");
  }

  private void host(
      String name, String address, boolean above, boolean explicit, int volumes, int first) {
    put("on", name, "{");
    if (chance(20)) {
      put("options", "{");
      options(Option.Section.OPTIONS, 2);
      put("}");
    }
    put("address", address, ":", Integer.toString(nextPort++), ";");
    if (!above) {
      volumes(explicit, volumes, first, name.charAt(0) + "");
    }
    put("}");
  }

  private void floating(String address, boolean above, boolean explicit, int volumes, int first) {
    put("floating", address, ":", Integer.toString(nextPort++));
    if (above) {
      put(";");
      return;
    }
    put("{");
    volumes(explicit, volumes, first, "f");
    put("}");
  }

  private void volumes(boolean explicit, int count, int firstMinor, String host) {
    for (int i = 0; i < count; i++) {
      int minor = firstMinor + i;
      if (explicit) {
        put("volume", Integer.toString(i * 3), "{");
        if (chance(40)) {
          put("disk", "{");
          options(Option.Section.DISK, 3);
          put("}");
        }
      }
      put("device");
      switch (random.nextInt(4)) {
        case 0 -> put("/dev/drbd" + minor);
        case 1 -> put("drbd" + minor);
        case 2 -> put("/dev/drbd_" + (char) ('a' + minor % 26) + minor, "minor", "" + minor);
        default -> put("minor", Integer.toString(minor));
      }
      put(";", "disk", "/dev/vg/lv" + minor + host, ";");
      switch (random.nextInt(4)) {
        case 0 -> put("meta-disk", "/dev/meta", "[", Integer.toString(minor), "]", ";");
        case 1 -> put("flexible-meta-disk", "\"/dev/m " + minor + "\"", ";");
        default -> put("meta-disk", "internal", ";");
      }
      if (explicit) {
        put("}");
      }
    }
  }

  private void sections() {
    if (chance(30)) {
      put("protocol", one(List.of("A", "B", "C", "c")), ";");
    }
    section("net", Option.Section.NET, 6);
    section("disk", Option.Section.DISK, 6);
    section("startup", Option.Section.STARTUP, 3);
    section("options", Option.Section.OPTIONS, 2);
    section("handlers", Option.Section.HANDLERS, 2);
    if (chance(25)) {
      put(
          "syncer",
          "{",
          "rate",
          1 + random.nextInt(700000) + "",
          ";",
          "verify-alg",
          "md5",
          ";",
          "}");
    }
  }

  private void section(String word, Option.Section section, int count) {
    if (chance(50)) {
      put(word, "{");
      options(section, count);
      put("}");
    }
  }

  private void options(Option.Section section, int max) {
    List<Option> candidates = new ArrayList<>();
    for (Option option : Option.values()) {
      if (option.section() == section && option != Option.RESYNC_AFTER) {
        candidates.add(option);
      }
    }
    for (int i = random.nextInt(max + 1); i > 0; i--) {
      option(section, one(candidates));
    }
  }

  private void option(Option.Section section, Option option) {
    put(option.word());
    switch (option.type()) {
      case Option.Type.Flag _ -> {
        if (section != Option.Section.GLOBAL && option != Option.STACKED_TIMEOUTS && chance(50)) {
          put(one(List.of("yes", "no")));
        }
      }
      case Option.Type.Number number -> put(number(number));
      case Option.Type.Word type -> put(one(type.words()));
      case Option.Type.Text _ ->
          put(
              option == Option.BECOME_PRIMARY_ON
                  ? one(List.of("alice", "bob alice", "both"))
                  : word());
    }
    put(";");
  }

  private String word() {
    return one(
        List.of(
            "sha1", "\"a b\"", "\"\"", "/bin/true", "\"x\\\"y\\\\z\"", "12", "\"12\"", "a.b-c_d"));
  }

  /// Mostly within the range; now and then at its edge or beyond, with or without a suffix.
  private String number(Option.Type.Number type) {
    long width = Math.min(type.max() - type.min(), 99_000_000L - type.min());
    long value = type.min() + (long) (random.nextDouble() * width);
    return switch (random.nextInt(24)) {
      case 0 -> Long.toString(type.min());
      case 1 -> Long.toString(Math.min(type.max(), 99_999_999L));
      case 2 -> Long.toString(Math.min(type.max() + 1, 99_999_999L));
      case 3 -> random.nextInt(20) + "K";
      case 4 -> random.nextInt(20) + "M";
      case 5 -> random.nextInt(3) + one(List.of("G", "g", "k", "s"));
      default -> Long.toString(value);
    };
  }

  private String damaged() {
    List<String> tokens = new ArrayList<>(List.of(text.toString().split("(?<=\\s)")));
    for (int i = random.nextInt(2); i >= 0 && tokens.size() > 1; i--) {
      int at = random.nextInt(tokens.size());
      switch (random.nextInt(5)) {
        case 0 -> tokens.remove(at);
        case 1 -> tokens.add(at, tokens.get(at));
        case 2 -> tokens.add(at, tokens.get(random.nextInt(tokens.size())));
        case 3 -> tokens.set(at, one(WORDS_FOR_DAMAGE) + " ");
        default -> tokens.add(at, one(WORDS_FOR_DAMAGE) + " ");
      }
    }
    return String.join("", tokens);
  }
}
