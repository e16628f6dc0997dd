package org.twincore.drbd.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.Token.Kind;

/// Reads the option sections, `{ opt; opt; }`, and turns old spellings into today's.
final class OptionParser {
  private static final List<String> DROPPED =
      List.of(
          "delay-probe-volume", "delay-probe-interval", "throttle-threshold", "hold-off-threshold");
  private static final List<String> NEGATED =
      List.of(
          "no-disk-barrier", "no-disk-flushes", "no-disk-drain", "no-md-flushes", "no-tcp-cork");
  private static final List<String> OF_PROXY =
      List.of(
          "memlimit",
          "read-loops",
          "compression",
          "bwlimit",
          "ping-timeout",
          "sndbuf-size",
          "rcvbuf-size");
  private static final List<String> OF_SYNCER =
      List.of(
          "resync-rate",
          "resync-after",
          "al-extents",
          "c-plan-ahead",
          "c-delay-target",
          "c-fill-target",
          "c-max-rate",
          "c-min-rate",
          "verify-alg",
          "csums-alg",
          "use-rle",
          "cpu-mask",
          "on-no-data-accessible");

  /// Of a value that is refused.
  private static final int SHOWN_CHARS = 20;

  /// Of one section, repetitions too; each one more costs a copy of the list.
  private static final int SETTINGS_MAX = 1000;

  private final TokenStream tokens;
  private final Findings findings;

  OptionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.findings = tokens.findings();
  }

  /// The options of a section whose `{` comes next, one statement for each run of options that
  /// belong to one of today's sections.
  List<Statement> section(Section section, Position at) throws ConfigException {
    tokens.expect('{');
    List<Statement> pieces = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      option(section, tokens.next(), pieces);
    }
    tokens.next();
    if (pieces.isEmpty()) {
      pieces.add(new Statement.Options(at, section, List.of()));
    }
    return pieces;
  }

  private void option(Section section, Token name, List<Statement> pieces) throws ConfigException {
    String word = todaysName(section, name.text());
    if (!isOptionWord(name)) {
      throw tokens.unexpected(name, "an option keyword");
    }
    if (DROPPED.contains(word)) {
      tokens.expectValue();
      findings.warn(name.at(), "'" + word + "' has no effect any more, dropped");
      tokens.endStatement();
    } else if (section == Section.PROXY) {
      proxyOption(name, pieces);
    } else if (NEGATED.contains(word) && belongs(section, word.substring(3))) {
      add(pieces, section, new Setting(name.at(), word.substring(3), "no"));
      tokens.endStatement();
    } else if (belongs(section, word)) {
      add(pieces, section, known(section, word, name));
    } else if (section == Section.NET && word.equals(Option.FENCING.word())) {
      findings.warn(name.at(), "'fencing' is an option of the disk section in DRBD 8.4");
      add(pieces, Section.DISK, known(Section.DISK, word, name));
    } else if (!new Legacy07(tokens).option(section, name, pieces)) {
      throw tokens.unexpected(name, "an option keyword");
    }
  }

  private static boolean isOptionWord(Token name) {
    return name.kind() == Kind.KEYWORD || name.kind() == Kind.WORD;
  }

  private static String todaysName(Section section, String word) {
    return switch (word) {
      case "rate" -> section == Section.DISK ? Option.RESYNC_RATE.word() : word;
      case "after" -> section == Section.DISK ? Option.RESYNC_AFTER.word() : word;
      case "outdate-peer" -> section == Section.HANDLERS ? Option.FENCE_PEER.word() : word;
      default -> word;
    };
  }

  private static boolean belongs(Section section, String word) {
    return Option.of(OptionList.tableSection(section), word).isPresent();
  }

  static void add(List<Statement> pieces, Section section, Setting setting) throws ConfigException {
    if (!pieces.isEmpty()
        && pieces.getLast() instanceof Statement.Options(var at, var last, var settings)
        && last == section) {
      if (settings.size() == SETTINGS_MAX) {
        throw ConfigException.invalid(
            setting.at(), "more than " + SETTINGS_MAX + " options in one section");
      }
      List<Setting> longer = new ArrayList<>(settings);
      longer.add(setting);
      pieces.set(pieces.size() - 1, new Statement.Options(at, section, List.copyOf(longer)));
    } else {
      pieces.add(new Statement.Options(setting.at(), section, List.of(setting)));
    }
  }

  /// An option of the table, its name already taken; the `;` is taken too.
  private Setting known(Section section, String word, Token name) throws ConfigException {
    Option option = Option.of(OptionList.tableSection(section), word).orElseThrow();
    Setting setting =
        switch (option.type()) {
          case Option.Type.Flag _ -> flag(option, name);
          case Option.Type.Number number -> number(option, number, name);
          case Option.Type.Word _ -> word(option, name);
          case Option.Type.Text _ -> text(option, name);
        };
    if (option != Option.BECOME_PRIMARY_ON) {
      tokens.endStatement();
    }
    return setting;
  }

  private Setting flag(Option option, Token name) {
    if (option == Option.STACKED_TIMEOUTS) {
      return Setting.word(name.at(), option.word());
    }
    Optional<Token> no = tokens.takeKeyword("no");
    if (no.isEmpty()) {
      tokens.takeKeyword("yes");
    }
    return new Setting(name.at(), option.word(), no.isPresent() ? "no" : "yes");
  }

  private Setting number(Option option, Option.Type.Number type, Token name)
      throws ConfigException {
    Token value = tokens.expectValue();
    if (type.check() == Option.RangeCheck.AT_PARSE) {
      checkRange(name.at(), option.word(), type.unit(), type.min(), type.max(), value);
    }
    return new Setting(name.at(), option.word(), value.text());
  }

  void checkRange(Position at, String name, Option.Unit unit, long min, long max, Token value)
      throws ConfigException {
    OptionalLong number = Numbers.parse(value.text(), unit);
    if (value.text().isEmpty()) {
      throw findings.fatal(at, name + ": missing number argument", ConfigException.NO_NUMBER);
    }
    if (number.isEmpty()) {
      throw findings.fatal(
          at, name + ": " + value.text() + " is not a valid number", ConfigException.UNUSABLE);
    }
    if (number.getAsLong() < min || number.getAsLong() > max) {
      findings.fault(
          at,
          "%s %s => %d out of range [%d..%d]%s."
              .formatted(
                  name, value.text(), number.getAsLong(), min, max, unitNote(unit, value.text())));
    }
  }

  private static String unitNote(Option.Unit unit, String text) {
    String note =
        switch (unit) {
          case ONE -> "";
          case KIB -> " KiB";
          case SECTORS -> " sectors";
        };
    return text.endsWith("s") ? note + " ('s' means sectors of 512 bytes, never seconds)" : note;
  }

  private Setting word(Option option, Token name) throws ConfigException {
    Token value = tokens.expectValue();
    return new Setting(
        name.at(), option.word(), option == Option.PROTOCOL ? protocolLetter(value) : value.text());
  }

  /// The letter of a protocol in upper case; anything else is a fault.
  String protocolLetter(Token value) {
    String letter = value.text().toUpperCase(Locale.ROOT);
    if (!letter.equals("A") && !letter.equals("B") && !letter.equals("C")) {
      findings.fault(
          value.at(), "unknown protocol '" + value.text() + "', should be one of A, B, C");
    }
    return letter;
  }

  private Setting text(Option option, Token name) throws ConfigException {
    if (option == Option.BECOME_PRIMARY_ON) {
      String hosts = String.join(" ", tokens.expectHosts(';'));
      return new Setting(name.at(), option.word(), Optional.of(hosts), true);
    }
    Token value = tokens.expectValue();
    int bytes = value.text().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > option.bytesMax()) {
      throw findings.fatal(
          value.at(),
          "Parse error: while parsing value ('%s...')\nfor %s. Value is too long.\nmax len: %d"
              .formatted(shownOf(option, value.text()), option.word(), option.bytesMax()));
    }
    return new Setting(name.at(), option.word(), value.text());
  }

  /// The beginning of a text that is too long; nothing of a secret, of which drbdadm shows it too.
  private static String shownOf(Option option, String text) {
    return option == Option.SHARED_SECRET
        ? ""
        : text.substring(0, Math.min(SHOWN_CHARS, text.length()));
  }

  private void proxyOption(Token name, List<Statement> pieces) throws ConfigException {
    if (name.isKeyword("plugin")) {
      plugins(name, pieces);
      return;
    }
    if (!OF_PROXY.contains(name.text())) {
      throw tokens.unexpected(name, "an option keyword");
    }
    Token value = tokens.expectValue();
    Optional<Option> inNet = Option.of(Option.Section.NET, name.text());
    if (inNet.isPresent()
        && inNet.get().type() instanceof Option.Type.Number type
        && type.check() == Option.RangeCheck.AT_PARSE) {
      checkRange(name.at(), name.text(), type.unit(), type.min(), type.max(), value);
    }
    add(pieces, Section.PROXY, new Setting(name.at(), name.text(), value.text()));
    tokens.endStatement();
  }

  private void plugins(Token name, List<Statement> pieces) throws ConfigException {
    tokens.expect('{');
    pieces.add(new Statement.Options(name.at(), Section.PLUGIN, List.of()));
    while (!tokens.peek().is('}')) {
      Position at = tokens.peek().at();
      List<String> words = new ArrayList<>();
      while (!tokens.peek().is(';')) {
        Token word = tokens.next();
        if (word.kind() == Kind.END || word.is('}')) {
          throw tokens.unexpected(word, ";");
        }
        words.add(word.text());
      }
      tokens.next();
      add(pieces, Section.PLUGIN, Setting.word(at, String.join(" ", words)));
    }
    tokens.next();
  }

  /// The old `syncer` section; its options go to disk, net and options.
  List<Statement> syncer(Position at) throws ConfigException {
    tokens.expect('{');
    Map<Section, Option.Section> homes = new EnumMap<>(Section.class);
    homes.put(Section.DISK, Option.Section.DISK);
    homes.put(Section.NET, Option.Section.NET);
    homes.put(Section.OPTIONS, Option.Section.OPTIONS);
    List<Statement> pieces = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      Token name = tokens.next();
      String word = todaysName(Section.DISK, name.text());
      Optional<Section> home =
          homes.entrySet().stream()
              .filter(entry -> Option.of(entry.getValue(), word).isPresent())
              .map(Map.Entry::getKey)
              .findFirst();
      if (name.kind() == Kind.KEYWORD && OF_SYNCER.contains(word) && home.isPresent()) {
        add(pieces, home.get(), known(home.get(), word, name));
      } else if (name.kind() == Kind.KEYWORD && DROPPED.contains(word)) {
        tokens.expectValue();
        tokens.endStatement();
        findings.warn(name.at(), "'" + word + "' has no effect any more, dropped");
      } else if (!new Legacy07(tokens).syncerOption(name)) {
        throw tokens.unexpected(name, "a syncer option keyword");
      }
    }
    tokens.next();
    if (pieces.isEmpty()) {
      pieces.add(new Statement.Options(at, Section.DISK, List.of()));
    }
    return pieces;
  }
}
