package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the `global { ... }` section.
final class GlobalParser {
  private final TokenStream tokens;

  GlobalParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  List<Setting> settings() throws ConfigException {
    tokens.expect('{');
    List<Setting> settings = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      Token name = tokens.next();
      if (name.isWord("disable-io-hints") || name.isWord("disable_io_hints")) {
        tokens.findings().warn(name.at(), "'" + name.text() + "' of DRBD 0.7 is ignored");
      } else {
        settings.add(setting(name));
      }
      tokens.endStatement();
    }
    tokens.next();
    return List.copyOf(settings);
  }

  private Setting setting(Token name) throws ConfigException {
    String word = name.isWord("minor_count") ? Option.MINOR_COUNT.word() : name.text();
    Optional<Option> option = Option.of(Option.Section.GLOBAL, word);
    if (option.isEmpty() || name.kind() == Token.Kind.QUOTED) {
      throw tokens.unexpected(
          name, "dialog-refresh | minor-count | disable-ip-verification | usage-count");
    }
    return switch (option.get().type()) {
      case Option.Type.Flag _ -> Setting.word(name.at(), word);
      case Option.Type.Number type -> {
        Token value = tokens.expectInteger();
        new OptionParser(tokens)
            .checkRange(name.at(), word, type.unit(), type.min(), type.max(), value);
        yield new Setting(name.at(), word, digits(value.text()));
      }
      case Option.Type.Word _, Option.Type.Text _ -> new Setting(name.at(), word, yesNoAsk());
    };
  }

  /// The number without its suffix, which counts for the range only.
  private static String digits(String number) {
    char last = number.charAt(number.length() - 1);
    return last >= '0' && last <= '9' ? number : number.substring(0, number.length() - 1);
  }

  private String yesNoAsk() throws ConfigException {
    Token value = tokens.next();
    if (!value.isKeyword("yes") && !value.isKeyword("no") && !value.isKeyword("ask")) {
      throw tokens.unexpected(value, "yes | no | ask");
    }
    return value.text();
  }
}
