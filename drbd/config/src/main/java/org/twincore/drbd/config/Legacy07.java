package org.twincore.drbd.config;

import java.util.List;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.Token.Kind;

/// The words of DRBD 0.7 that 8.x dropped (drbd-config sections 5 and 5a): each becomes what is
/// nearest today, with a warning that says so.
final class Legacy07 {
  private final TokenStream tokens;
  private final Findings findings;

  Legacy07(TokenStream tokens) {
    this.tokens = tokens;
    this.findings = tokens.findings();
  }

  /// An option of 0.7 in a section; false if the word is none. Takes the statement's `;`.
  boolean option(Section section, Token name, List<Statement> pieces) throws ConfigException {
    if (name.kind() == Kind.QUOTED) {
      return false;
    }
    String place = section.word() + " " + name.text();
    switch (place) {
      case "net on-disconnect" -> onDisconnect(name, pieces);
      case "net bdev-treshold" -> rename(name, Section.NET, Option.UNPLUG_WATERMARK, pieces);
      case "disk disk-size" -> rename(name, Section.DISK, Option.SIZE, pieces);
      case "disk do-panic" -> {
        findings.warn(name.at(), "'do-panic' never panics this host: call-local-io-error instead");
        OptionParser.add(
            pieces,
            Section.DISK,
            new Setting(name.at(), Option.ON_IO_ERROR.word(), "call-local-io-error"));
      }
      default -> {
        return false;
      }
    }
    tokens.endStatement();
    return true;
  }

  private void rename(Token name, Section section, Option today, List<Statement> pieces)
      throws ConfigException {
    Token value = tokens.expectValue();
    if (today.type() instanceof Option.Type.Number type) {
      new OptionParser(tokens)
          .checkRange(name.at(), today.word(), type.unit(), type.min(), type.max(), value);
    }
    findings.warn(name.at(), "'" + name.text() + "' is today's '" + today.word() + "'");
    OptionParser.add(pieces, section, new Setting(name.at(), today.word(), value.text()));
  }

  private void onDisconnect(Token name, List<Statement> pieces) throws ConfigException {
    Token value = tokens.expectString();
    switch (value.text()) {
      case "reconnect" ->
          findings.warn(name.at(), "'on-disconnect reconnect' is what is always done, ignored");
      case "stand_alone" -> {
        findings.warn(name.at(), "'on-disconnect stand_alone': a lost connection is not retried");
        pieces.add(new Statement.StandAlone(name.at()));
      }
      case "freeze_io" -> {
        findings.warn(
            name.at(), "'on-disconnect freeze_io' is read as 'fencing resource-and-stonith'");
        OptionParser.add(
            pieces,
            Section.DISK,
            new Setting(name.at(), Option.FENCING.word(), "resource-and-stonith"));
      }
      default -> throw tokens.unexpected(value, "reconnect | stand_alone | freeze_io");
    }
  }

  /// An option of 0.6 or 0.7 in the syncer section; false if the word is none.
  boolean syncerOption(Token name) throws ConfigException {
    if (name.kind() != Kind.WORD) {
      return false;
    }
    switch (name.text()) {
      case "group" -> tokens.expectInteger();
      case "skip-sync", "use-csums" -> {}
      default -> {
        return false;
      }
    }
    tokens.endStatement();
    findings.warn(name.at(), "'" + name.text() + "' of the old syncer section is ignored");
    return true;
  }

  /// A statement of 0.7 directly in a resource; false if the word is none.
  boolean resourceStatement(Token name, List<Statement> body) throws ConfigException {
    if (!name.isWord("incon-degr-cmd")) {
      return false;
    }
    String command = tokens.expectString().text();
    findings.warn(name.at(), "'incon-degr-cmd' is today's handler 'pri-on-incon-degr'");
    body.add(
        new Statement.Options(
            name.at(),
            Section.HANDLERS,
            List.of(new Setting(name.at(), Option.PRI_ON_INCON_DEGR.word(), command))));
    tokens.endStatement();
    return true;
  }
}
