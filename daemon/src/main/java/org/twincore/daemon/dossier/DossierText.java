package org.twincore.daemon.dossier;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.twincore.drbd.engine.exchange.SplitBrain;

/// The answer of `drbdadm split-brain`, for people.
public final class DossierText {
  private static final int ROLES_MAX = 12;
  private static final int RANGES_MAX = 16;
  private static final int KIB_PER_BLOCK = 4;

  private final Dossier dossier;
  private final Optional<Dossier.Other> other;
  private final StringBuilder text = new StringBuilder();

  private DossierText(Dossier dossier, Optional<Dossier.Other> other) {
    this.dossier = dossier;
    this.other = other;
  }

  public static String of(Dossier dossier, Optional<Dossier.Other> other) {
    DossierText made = new DossierText(dossier, other);
    made.head();
    made.sides();
    made.roles();
    made.changes();
    made.policies();
    made.ways();
    return made.text.toString();
  }

  private void line(String words) {
    text.append(words).append('\n');
  }

  private void head() {
    String name = dossier.resource() + "/" + dossier.volume();
    line(
        dossier
            .known()
            .map(met ->
                name
                    + (met.what().isOpen()
                        ? ": split brain, open, met "
                        : ": split brain, settled, met ")
                    + time(met.at()))
            .orElse(name + ": no split brain has been met since this node started"));
  }

  private void sides() {
    dossier
        .known()
        .map(Dossier.Known::what)
        .ifPresent(what -> {
          side("here", dossier.node(), what.own());
          side("there", dossier.peer(), what.peer());
        });
  }

  private void side(String where, String node, SplitBrain.Side side) {
    line(
        "  %s %s: %s, %s changed alone, generation %016X"
            .formatted(
                where, node, side.role(), blocks(side.changedBlocks()), side.uuids().current()));
  }

  private static String blocks(long blocks) {
    return blocks * KIB_PER_BLOCK + " KiB";
  }

  private void roles() {
    List<RoleHistory.Entry> all = dossier.roles();
    line("  who was Primary, as " + dossier.node() + " saw it");
    if (all.isEmpty()) {
      line("    nothing is recorded");
    }
    for (RoleHistory.Entry entry : all.subList(Math.max(0, all.size() - ROLES_MAX), all.size())) {
      line(
          "    %s %s %s, %s %s"
              .formatted(
                  time(entry.at()), dossier.node(), entry.own(), dossier.peer(), entry.peer()));
    }
  }

  private void changes() {
    Dossier.Changed here = dossier.changed();
    line("  marked here now: " + blocks(here.blocks()) + ranges(here.ranges()));
    if (other.isEmpty()) {
      line(
          "  marked at both: not known; --with takes what split-brain --json says on the other node");
      return;
    }
    Dossier.Changed there = other.get().changed();
    List<SplitBrain.Range> both = Dossier.overlap(here, there);
    long sum = both.stream().mapToLong(SplitBrain.Range::blocks).sum();
    line("  marked there: " + blocks(there.blocks()) + ranges(there.ranges()));
    line(
        "  marked at both: "
            + blocks(sum)
            + ranges(both)
            + (here.isWhole() && there.isWhole() ? "" : ", of the lowest ranges only"));
  }

  private static String ranges(List<SplitBrain.Range> ranges) {
    if (ranges.isEmpty()) {
      return "";
    }
    String listed =
        ranges.stream()
            .limit(RANGES_MAX)
            .map(range ->
                range.blocks() == 1
                    ? "" + range.firstBlock()
                    : range.firstBlock() + "-" + (range.firstBlock() + range.blocks() - 1))
            .collect(Collectors.joining(", "));
    return ", blocks " + listed + (ranges.size() > RANGES_MAX ? ", ..." : "");
  }

  private void policies() {
    Optional<SplitBrain> met = dossier.known().map(Dossier.Known::what);
    if (met.isEmpty()) {
      return;
    }
    line(
        "  what a policy would have kept"
            + (met.get().needsAlways() ? ", with always-asbp only" : ""));
    for (SplitBrain.Forecast each : met.get().forecasts()) {
      String kept =
          switch (each.fate()) {
            case OWN_STAYS -> dossier.node() + "'s";
            case PEER_STAYS -> dossier.peer() + "'s";
            case NOBODY_GIVES_IN -> "both stay apart";
          };
      line("    %s %s: %s".formatted(each.option(), each.policy(), kept));
    }
  }

  private void ways() {
    if (dossier.known().filter(met -> met.what().isOpen()).isEmpty()) {
      return;
    }
    String name = dossier.resource();
    line("  to settle it, on the node that gives in (its changes are saved: undo-split-brain)");
    line("    drbdadm secondary " + name + " && drbdadm connect --discard-my-data " + name);
    line("  and on the other one");
    line("    drbdadm connect " + name);
  }

  private static String time(Instant at) {
    return at.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
