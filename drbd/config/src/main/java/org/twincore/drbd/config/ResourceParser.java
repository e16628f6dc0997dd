package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.twincore.drbd.config.Statement.Host.Kind;
import org.twincore.drbd.config.Statement.Section;

/// Reads the body of a `resource` or `common` section, its `{` already taken.
final class ResourceParser {
  private final TokenStream tokens;
  private final Findings findings;
  private final boolean common;
  private final OptionParser options;
  private final VolumeParser volumes;
  private final Set<String> once = new HashSet<>();

  ResourceParser(TokenStream tokens, boolean common) {
    this.tokens = tokens;
    this.findings = tokens.findings();
    this.common = common;
    this.options = new OptionParser(tokens);
    this.volumes = new VolumeParser(tokens);
  }

  Statement.Resource resource(Position at, String name) throws ConfigException {
    List<Statement> body = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      Token word = tokens.next();
      if (word.kind() == Token.Kind.END) {
        findings.warn(word.at(), "the file ends inside '" + name + "': missing '}'");
        return new Statement.Resource(at, word.at(), name, List.copyOf(body));
      }
      if (word.kind() != Token.Kind.KEYWORD) {
        if (!new Legacy07(tokens).resourceStatement(word, body)) {
          throw notHere(word);
        }
      } else if (!section(word, body) && !host(word, body)) {
        throw notHere(word);
      }
    }
    Position end = tokens.next().at();
    return new Statement.Resource(at, end, name, List.copyOf(body));
  }

  private ConfigException notHere(Token word) {
    return tokens.unexpected(
        word,
        "protocol | on | disk | net | syncer | startup | handlers | ignore-on | stacked-on-top-of");
  }

  private void onceOnly(Token word, String what) {
    onceOnly(word.at(), what);
  }

  private void onceOnly(Position at, String what) {
    if (!once.add(what)) {
      findings.fault(at, "conflicting use of " + what + ": only one is allowed here");
    }
  }

  private boolean section(Token word, List<Statement> body) throws ConfigException {
    switch (word.text()) {
      case "protocol" -> {
        onceOnly(word, "protocol statement");
        Token letter = tokens.expectString();
        body.add(
            new Statement.Options(
                word.at(),
                Section.NET,
                List.of(new Setting(word.at(), "protocol", options.protocolLetter(letter)))));
        tokens.endStatement();
      }
      case "disk" -> {
        if (tokens.peek().is('{')) {
          onceOnly(word, "disk section");
          body.addAll(options.section(Section.DISK, word.at()));
        } else {
          body.add(volumes.disk(word));
        }
      }
      case "net", "startup", "handlers", "options", "proxy" -> {
        onceOnly(word, word.text() + " section");
        Section section =
            switch (word.text()) {
              case "net" -> Section.NET;
              case "startup" -> Section.STARTUP;
              case "handlers" -> Section.HANDLERS;
              case "options" -> Section.OPTIONS;
              default -> Section.PROXY;
            };
        body.addAll(options.section(section, word.at()));
      }
      case "syncer" -> {
        onceOnly(word, "syncer section");
        body.addAll(options.syncer(word.at()));
      }
      case "device" -> {
        onceOnly(word, "device statement");
        volumes.device(word).ifPresent(body::add);
      }
      case "meta-disk", "flexible-meta-disk" -> body.add(volumes.metaDisk(word));
      case "volume" -> body.add(volumes.volume(word));
      case "skip" -> Parser.skip(tokens);
      case "ignore-on" -> {
        tokens.expectString();
        tokens.endStatement();
        findings.warn(word.at(), "The 'ignore-on' keyword is deprecated.");
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean host(Token word, List<Statement> body) throws ConfigException {
    switch (word.text()) {
      case "on" -> {
        List<String> names = tokens.expectHosts('{');
        Position at = tokens.lastAt();
        names.forEach(name -> onceOnly(at, "host section: on " + name));
        body.add(new Statement.Host(at, Kind.ON, names, Optional.empty(), hostBody(Kind.ON)));
      }
      case "floating" -> {
        Endpoint address = volumes.endpoint();
        String name =
            (address.family().equals(Endpoint.IPV6) ? "ipv6 " : "") + address.addressAndPort();
        List<Statement> hostBody = List.of();
        Position at;
        if (tokens.peek().is(';')) {
          at = tokens.next().at();
        } else {
          at = tokens.expect('{').at();
          hostBody = hostBody(Kind.FLOATING);
        }
        onceOnly(at, "host section: on " + name);
        body.add(
            new Statement.Host(at, Kind.FLOATING, List.of(name), Optional.of(address), hostBody));
      }
      case "stacked-on-top-of" -> {
        Token lower = tokens.expectString();
        Position at = tokens.expect('{').at();
        body.add(
            new Statement.Host(
                at, Kind.STACKED, List.of(lower.text()), Optional.empty(), hostBody(Kind.STACKED)));
      }
      default -> {
        return false;
      }
    }
    if (common) {
      findings.fault(word.at(), "in the common section, there are no host sections allowed.");
    }
    return true;
  }

  private List<Statement> hostBody(Kind kind) throws ConfigException {
    List<Statement> body = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    while (!tokens.peek().is('}')) {
      Token word = tokens.next();
      if (word.kind() != Token.Kind.KEYWORD || !hostStatement(kind, word, seen, body)) {
        throw tokens.unexpected(
            word, "disk | device | address | meta-disk | flexible-meta-disk | volume");
      }
    }
    tokens.next();
    return List.copyOf(body);
  }

  private boolean hostStatement(Kind kind, Token word, Set<String> seen, List<Statement> body)
      throws ConfigException {
    String what = word.text().equals("flexible-meta-disk") ? "meta-disk" : word.text();
    boolean stacked = kind == Kind.STACKED;
    switch (what) {
      case "disk", "device", "meta-disk", "address", "alternate-link-address" -> {
        if (!stacked && !seen.add(what)) {
          findings.fault(word.at(), "conflicting use of " + what + " statement");
        }
      }
      default -> {}
    }
    switch (what) {
      case "device" -> volumes.device(word).ifPresent(body::add);
      case "address", "alternate-link-address" -> body.add(address(kind, word));
      case "proxy" -> body.add(volumes.proxy(word, options));
      case "volume" -> body.add(stacked ? volumes.stackedVolume(word) : volumes.volume(word));
      case "disk" -> {
        if (stacked) {
          return false;
        }
        body.addAll(volumes.diskOrOptions(word, options));
      }
      case "meta-disk" -> {
        if (stacked) {
          return false;
        }
        body.add(volumes.metaDisk(word));
      }
      case "options" -> {
        if (stacked) {
          return false;
        }
        body.addAll(options.section(Section.OPTIONS, word.at()));
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private Statement address(Kind kind, Token word) throws ConfigException {
    if (kind == Kind.FLOATING) {
      throw findings.fatal(
          word.at(), "address statement not allowed for floating {} host sections");
    }
    return volumes.address(
        word,
        word.text().equals("address")
            ? Statement.Address.Use.ADDRESS
            : Statement.Address.Use.ALTERNATE);
  }
}
