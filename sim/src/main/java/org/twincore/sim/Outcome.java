package org.twincore.sim;

import java.util.List;

/// How a run ended.
public record Outcome(
    long seed,
    Verdict verdict,
    String checker,
    String message,
    long traceHash,
    Figures figures,
    List<String> tail) {

  /// What the exit code says.
  public enum Verdict {
    FINE(0),
    CRASH(127),
    NO_PROGRESS(128),
    WRONG_DATA(129);

    private final int exitCode;

    Verdict(int exitCode) {
      this.exitCode = exitCode;
    }

    public int exitCode() {
      return exitCode;
    }
  }

  /// What a run did: writes issued and those that a Primary took and answered OK, requests that
  /// failed, sectors read and found right, faults inflicted, commands of the drawn plan that were
  /// answered, looks at both replicas, sectors whose allowed loss was conceded.
  public record Figures(
      long writes,
      long taken,
      long failures,
      long sectorsRead,
      int faults,
      int commands,
      long comparisons,
      long concededSectors,
      long actions,
      long virtualNanos) {}

  public boolean isFine() {
    return verdict == Verdict.FINE;
  }

  /// One line.
  @Override
  public String toString() {
    return "seed %d: %s%s hash %016x, %d writes (%d taken), %d faults, %d commands, %d s"
        .formatted(
            seed,
            verdict,
            isFine() ? "" : " (" + message + ")",
            traceHash,
            figures.writes,
            figures.taken,
            figures.faults,
            figures.commands,
            figures.virtualNanos / 1_000_000_000);
  }
}
