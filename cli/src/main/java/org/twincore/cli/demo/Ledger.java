package org.twincore.cli.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// What the workload knows of each block: its last acknowledged write, and the one in flight.
///
/// At most one write a block is in flight. Safe for several threads.
final class Ledger {
  /// Numbers of writes; 0 = none.
  record Entry(long acknowledged, long inFlight) {}

  private final TreeMap<Long, Entry> entries = new TreeMap<>();
  private long acknowledgedWrites;
  private long flushes;

  /// A write to the block begins, unless one is in flight: its number, or 0.
  synchronized long begin(long block) {
    Entry entry = entries.getOrDefault(block, new Entry(0, 0));
    if (entry.inFlight != 0) {
      return 0;
    }
    long number = entry.acknowledged + 1;
    entries.put(block, new Entry(entry.acknowledged, number));
    return number;
  }

  synchronized void acknowledged(long block, long number) {
    entries.put(block, new Entry(number, 0));
    acknowledgedWrites++;
  }

  synchronized void flushed() {
    flushes++;
  }

  synchronized long acknowledgedWrites() {
    return acknowledgedWrites;
  }

  synchronized long flushes() {
    return flushes;
  }

  synchronized long inFlight() {
    return entries.values().stream().filter(entry -> entry.inFlight != 0).count();
  }

  synchronized TreeMap<Long, Entry> entries() {
    return new TreeMap<>(entries);
  }

  /// After a verification: what was in flight is either old or new, as it was found.
  synchronized void settle(long block, long found) {
    entries.put(block, new Entry(found, 0));
  }

  /// One line a block: block, acknowledged, in flight.
  synchronized void save(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    entries.forEach(
        (block, entry) -> lines.add(block + " " + entry.acknowledged + " " + entry.inFlight));
    Files.write(file, lines);
  }

  static Ledger load(Path file) throws IOException {
    Ledger ledger = new Ledger();
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split(" ", -1);
      ledger.entries.put(
          Long.parseLong(words[0]), new Entry(Long.parseLong(words[1]), Long.parseLong(words[2])));
    }
    return ledger;
  }
}
