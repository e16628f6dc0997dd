package org.twincore.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What the words behind `./build bench` ask for.
record BenchOptions(
    int rounds,
    int seconds,
    long sizeMib,
    List<String> only,
    Optional<Path> folder,
    Optional<Path> page,
    boolean extras) {

  static final String USAGE =
      """
      usage: ./build bench [OPTIONS]
        --rounds N     counted rounds over all targets, after one that warms up (3)
        --seconds N    how long each measurement lasts (2)
        --size MIB     size of each disk (1024)
        --only WORDS   only targets and workloads whose name has one of these, by commas;
                       docs/performance.md stays as it is then
        --folder DIR   where the disks are made (a new folder under /var/tmp)
        --no-write     leave docs/performance.md as it is
        --no-extras    only the table of targets
      """;

  private static final int SMALLEST_MIB = 64;

  /// The words are not understood.
  static final class WrongException extends Exception {
    private static final long serialVersionUID = 1L;

    WrongException(String message) {
      super(message);
    }
  }

  static BenchOptions parse(String[] words, Path page) throws WrongException {
    int rounds = 3;
    int seconds = 2;
    long sizeMib = 1024;
    List<String> only = List.of();
    Optional<Path> folder = Optional.empty();
    Optional<Path> toPage = Optional.of(page);
    boolean extras = true;
    for (int i = 0; i < words.length; i++) {
      switch (words[i]) {
        case "--rounds" -> rounds = (int) number(words, ++i, 1);
        case "--seconds" -> seconds = (int) number(words, ++i, 1);
        case "--size" -> sizeMib = number(words, ++i, SMALLEST_MIB);
        case "--only" -> {
          only = List.of(value(words, ++i).split(","));
          toPage = Optional.empty();
        }
        case "--folder" -> folder = Optional.of(Path.of(value(words, ++i)).toAbsolutePath());
        case "--no-write" -> toPage = Optional.empty();
        case "--no-extras" -> extras = false;
        default -> throw new WrongException("'" + words[i] + "' is not known");
      }
    }
    return new BenchOptions(rounds, seconds, sizeMib, only, folder, toPage, extras);
  }

  /// Whether a name was asked for.
  boolean wants(String targetAndWorkload) {
    return only.isEmpty() || only.stream().anyMatch(targetAndWorkload::contains);
  }

  long sizeBytes() {
    return sizeMib << 20;
  }

  private static String value(String[] words, int at) throws WrongException {
    if (at >= words.length) {
      throw new WrongException(words[at - 1] + " wants a value");
    }
    return words[at];
  }

  private static long number(String[] words, int at, long least) throws WrongException {
    try {
      long number = Long.parseLong(value(words, at));
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw new WrongException(words[at - 1] + " wants a number from " + least + " on");
  }
}
