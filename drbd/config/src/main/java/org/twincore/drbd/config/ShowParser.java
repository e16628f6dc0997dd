package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Statement.Section;

/// Reads what `drbdsetup show` prints: drbd.conf's own words in another order, with `_this_host`
/// and `_remote_host` for the two ends.
final class ShowParser {
  private static final String SOURCE = "the running configuration";

  private final TokenStream tokens;
  private final OptionParser options;
  private final VolumeParser volumes;

  ShowParser(String text) {
    tokens = new TokenStream(new Lexer(SOURCE, text), false, new Findings());
    options = new OptionParser(tokens);
    volumes = new VolumeParser(tokens);
  }

  List<RunningResource> resources() throws ConfigException {
    List<RunningResource> resources = new ArrayList<>();
    while (tokens.peek().kind() != Token.Kind.END) {
      Token word = tokens.next();
      if (!word.isKeyword("resource")) {
        throw tokens.unexpected(word, "resource");
      }
      String name = tokens.expectString().text();
      tokens.expect('{');
      resources.add(resource(name));
    }
    tokens.findings().throwFaults();
    return List.copyOf(resources);
  }

  private RunningResource resource(String name) throws ConfigException {
    OptionValues resourceOptions = OptionValues.DEFAULTS;
    OptionValues net = OptionValues.DEFAULTS;
    List<Statement> mine = List.of();
    List<Statement> theirs = List.of();
    while (!tokens.peek().is('}')) {
      Token word = tokens.next();
      switch (word.text()) {
        case "options" ->
            resourceOptions = values(options.section(Section.OPTIONS, word.at()), Section.OPTIONS);
        case "net" -> net = values(options.section(Section.NET, word.at()), Section.NET);
        case "_this_host" -> mine = host();
        case "_remote_host" -> theirs = host();
        default -> throw tokens.unexpected(word, "options | net | _this_host | _remote_host");
      }
    }
    tokens.next();
    return new RunningResource(
        name, resourceOptions, net, address(mine), address(theirs), volumes(mine));
  }

  private List<Statement> host() throws ConfigException {
    tokens.expect('{');
    List<Statement> body = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      Token word = tokens.next();
      switch (word.text()) {
        case "address" -> body.add(volumes.address(word, Statement.Address.Use.ADDRESS));
        case "volume" -> body.add(volumes.volume(word));
        default -> throw tokens.unexpected(word, "address | volume");
      }
    }
    tokens.next();
    return body;
  }

  private static Optional<Endpoint> address(List<Statement> host) {
    return host.stream()
        .filter(Statement.Address.class::isInstance)
        .map(statement -> ((Statement.Address) statement).endpoint())
        .findFirst();
  }

  private static List<RunningResource.Volume> volumes(List<Statement> host) {
    List<RunningResource.Volume> found = new ArrayList<>();
    for (Statement statement : host) {
      if (statement instanceof Statement.Volume(Position _, int number, List<Statement> body)) {
        VolumeDefinition volume = VolumeDefinition.empty(number, false);
        for (Statement part : body) {
          volume = VolumeSet.with(volume, part);
        }
        found.add(
            new RunningResource.Volume(
                number,
                volume.minor().orElse(-1),
                volume.disk(),
                volume.metaDisk().orElse(MetaDisk.INTERNAL),
                volume.diskOptions().values(Section.DISK)));
      }
    }
    return found;
  }

  private static OptionValues values(List<Statement> pieces, Section section) {
    OptionList all = OptionList.EMPTY;
    for (Statement piece : pieces) {
      if (piece instanceof Statement.Options(Position _, Section _, List<Setting> settings)) {
        all = all.plus(settings);
      }
    }
    return all.values(section);
  }
}
