package org.twincore.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The options of `twincore node`.
record CommandLine(String name, Optional<Path> settings, Optional<Path> run, Optional<Path> state) {
  static final String USAGE =
      """
      usage: twincore node [--name NAME] [--settings FILE] [--run FOLDER] [--state FOLDER]
        --name      the node's name (else TWINCORE_NODE, else the host's name)
        --settings  instead of /etc/twincore.conf
        --run       for the admin socket and the pid file (else TWINCORE_RUN, else the usual place)
        --state     for what outlives the node
      It runs in the foreground until SIGTERM (a second one ends it at once); SIGHUP adjusts.
      Examples:
        twincore node                                      the node of this machine
        twincore node --name core-01 --settings test.conf  one of several on this machine
      """;

  /// Thrown for words that make no sense; the message is for the user.
  static final class WrongException extends Exception {
    private static final long serialVersionUID = 1L;

    WrongException(String message) {
      super(message);
    }
  }

  /// `defaultName` is taken where no name is given.
  static CommandLine parse(List<String> words, String defaultName) throws WrongException {
    String name = defaultName;
    Optional<Path> settings = Optional.empty();
    Optional<Path> run = Optional.empty();
    Optional<Path> state = Optional.empty();
    for (int i = 0; i < words.size(); i += 2) {
      String option = words.get(i);
      if (!List.of("--name", "--settings", "--run", "--state").contains(option)) {
        throw new WrongException("unknown option '" + option + "'");
      }
      if (i + 1 == words.size()) {
        throw new WrongException("a value expected behind " + option);
      }
      String value = words.get(i + 1);
      switch (option) {
        case "--name" -> name = value;
        case "--settings" -> settings = Optional.of(Path.of(value));
        case "--run" -> run = Optional.of(Path.of(value));
        default -> state = Optional.of(Path.of(value));
      }
    }
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) {
      throw new WrongException("'" + name + "' is no name for a node");
    }
    return new CommandLine(name, settings, run, state);
  }
}
