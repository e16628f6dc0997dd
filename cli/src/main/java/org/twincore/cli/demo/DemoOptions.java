package org.twincore.cli.demo;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The words behind `twincore demo`.
record DemoOptions(long sizeBytes, int seconds, boolean keep, Optional<Path> folder) {
  static final String USAGE =
      """
      usage: twincore demo [--size SIZE] [--seconds N] [--folder FOLDER] [--keep]
        --size     of each node's disk, with K, M or G (default 256M, at least 64M)
        --seconds  how long the workload runs before the primary is killed (default 4)
        --folder   where disks, sockets and logs go (default: a new one under /tmp)
        --keep     leave the two nodes running and print what to try with them
      Examples:
        twincore demo                      the whole story in half a minute
        twincore demo --size 2G --keep     on larger disks, and then yours to play with
      Exit code 0 only if no acknowledged write was lost and both disks are equal at the end.
      """;

  private static final List<String> WITH_VALUE = List.of("--size", "--seconds", "--folder");

  private static final long SIZE_MIN = 64L << 20;

  /// Thrown for words that make no sense.
  static final class WrongException extends Exception {
    private static final long serialVersionUID = 1L;

    WrongException(String message) {
      super(message);
    }
  }

  static DemoOptions parse(String[] words) throws WrongException {
    DemoOptions options = new DemoOptions(256L << 20, 4, false, Optional.empty());
    for (int i = 0; i < words.length; i++) {
      String word = words[i];
      if (word.equals("--keep")) {
        options = new DemoOptions(options.sizeBytes, options.seconds, true, options.folder);
        continue;
      }
      if (!WITH_VALUE.contains(word)) {
        throw new WrongException("unknown word '" + word + "'");
      }
      if (i + 1 == words.length) {
        throw new WrongException("a value expected behind " + word);
      }
      i++;
      String value = words[i];
      options =
          switch (word) {
            case "--size" ->
                new DemoOptions(size(value), options.seconds, options.keep, options.folder);
            case "--seconds" ->
                new DemoOptions(options.sizeBytes, seconds(value), options.keep, options.folder);
            default ->
                new DemoOptions(
                    options.sizeBytes, options.seconds, options.keep, Optional.of(Path.of(value)));
          };
    }
    return options;
  }

  private static long size(String text) throws WrongException {
    if (!text.matches("[0-9]{1,12}[KMG]?")) {
      throw new WrongException("--size " + text + ": expected a number with K, M or G");
    }
    char last = text.charAt(text.length() - 1);
    int shift = last == 'K' ? 10 : last == 'M' ? 20 : last == 'G' ? 30 : 0;
    long number = Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1));
    long bytes = number << shift;
    if (bytes < SIZE_MIN || bytes >> shift != number) {
      throw new WrongException("--size " + text + ": at least 64M");
    }
    return bytes & -4096L;
  }

  private static int seconds(String text) throws WrongException {
    if (!text.matches("[1-9][0-9]{0,4}")) {
      throw new WrongException("--seconds " + text + ": expected a number from 1 up");
    }
    return Integer.parseInt(text);
  }
}
