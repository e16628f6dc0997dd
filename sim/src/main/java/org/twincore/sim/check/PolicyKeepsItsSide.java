package org.twincore.sim.check;

import java.util.TreeMap;
import java.util.TreeSet;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// After a split brain a resync overwrites only the side that the policy gives up, and where the
/// policy gives up none, nothing is overwritten.
///
/// Knows from its own records what each side wrote: the blocks from what applications asked, not
/// from bitmaps, and who was Primary from what the run did, not from generation identifiers. What
/// the policies make of that is written here once more, after drbd.conf(5).
public final class PolicyKeepsItsSide implements NodeWatcher {
  private static final String NAME = "PolicyKeepsItsSide";

  private final ClusterView view;

  /// By volume and node: blocks that were written since the nodes parted.
  private final TreeMap<Integer, TreeSet<Long>> written = new TreeMap<>();

  /// By volume and node: what the drive had, sector by sector, when that node had written its last.
  private final TreeMap<Integer, TreeMap<Long, Long>> sides = new TreeMap<>();

  private boolean isParted;
  private long verdicts;
  private long givenUp;

  /// What a policy keeps.
  public enum Kept {
    FIRST,
    SECOND,
    /// One of the two, by lot.
    EITHER,
    /// Both: the nodes stay apart.
    BOTH;

    /// The side of that node.
    public static Kept of(int node) {
      return node == 0 ? FIRST : SECOND;
    }

    private Kept other() {
      return this == FIRST ? SECOND : this == SECOND ? FIRST : this;
    }
  }

  /// The words of the options at the first node, and who was and is Primary (-1: nobody).
  public record Terms(
      String without, String withOne, String conflict, int primaryWhenParted, int primaryNow) {}

  public PolicyKeepsItsSide(ClusterView view) {
    this.view = view;
  }

  /// How many splits came to the end that their policy means.
  public long verdicts() {
    return verdicts;
  }

  /// Sectors that a policy or an admin gave up: losses that are allowed.
  public long givenUpSectors() {
    return givenUp;
  }

  // ---- records

  /// The nodes, both good, part.
  public void parted() {
    isParted = true;
    written.clear();
    sides.clear();
  }

  @Override
  public void event(SimNode node, Event event) {
    if (!isParted) {
      return;
    }
    switch (event) {
      case Event.AppWrite write ->
          wrote(
              node.id(), write.volume(), new Extent(write.sector(), write.payload().lengthBytes()));
      case Event.AppDiscard discard -> wrote(node.id(), discard.volume(), discard.extent());
      default -> {}
    }
  }

  private void wrote(int node, int volume, Extent extent) {
    TreeSet<Long> blocks = blocks(node, volume);
    for (long block = extent.sector() / 8; block * 8 < extent.endSector(); block++) {
      blocks.add(block);
    }
  }

  private TreeSet<Long> blocks(int node, int volume) {
    return written.computeIfAbsent(volume * 2 + node, _ -> new TreeSet<>());
  }

  /// The node has written what it writes alone; what it has now is its side.
  public void wroteItsLast(int node, int volume) {
    TreeMap<Long, Long> side = new TreeMap<>();
    for (long sector : view.history(volume).knownSectors()) {
      side.put(sector, view.onDrive(node, volume, sector));
    }
    sides.put(volume * 2 + node, side);
  }

  private long side(int node, int volume, long sector) {
    // A sector that only the other one wrote was never written here.
    TreeMap<Long, Long> side = sides.getOrDefault(volume * 2 + node, new TreeMap<>());
    return side.getOrDefault(sector, 0L);
  }

  // ---- what the policies mean

  /// Which side is kept.
  public Kept kept(int volume, Terms terms) {
    Kept without = withoutPrimary(volume, terms);
    if (terms.primaryNow < 0) {
      return without;
    }
    Kept primarys = Kept.of(terms.primaryNow);
    return switch (terms.withOne) {
      case "discard-secondary" -> primarys;
      case "consensus", "call-pri-lost-after-sb" -> without == primarys ? primarys : Kept.BOTH;
      case "violently-as0p" ->
          without == primarys.other() && !terms.conflict.equals("violently") ? Kept.BOTH : without;
      default -> Kept.BOTH;
    };
  }

  private Kept withoutPrimary(int volume, Terms terms) {
    long first = blocks(0, volume).size();
    long second = blocks(1, volume).size();
    boolean isNobodys = terms.primaryWhenParted < 0;
    Kept byChanges = first == second ? Kept.EITHER : first > second ? Kept.FIRST : Kept.SECOND;
    return switch (terms.without) {
      case "discard-younger-primary" -> isNobodys ? byChanges : Kept.of(terms.primaryWhenParted);
      case "discard-older-primary" ->
          isNobodys ? byChanges : Kept.of(terms.primaryWhenParted).other();
      case "discard-zero-changes" -> first > 0 && second > 0 ? Kept.BOTH : byChanges;
      case "discard-least-changes" -> byChanges;
      case "discard-local" -> Kept.SECOND;
      case "discard-remote" -> Kept.FIRST;
      default -> Kept.BOTH;
    };
  }

  // ---- what became of it

  /// The nodes gave each other up: each still has its side, byte for byte.
  public void stayedApart(int volume, Kept expected) {
    if (expected != Kept.BOTH) {
      throw new Violation(
          NAME, "volume %d: the nodes parted, where %s is kept".formatted(volume, expected));
    }
    for (int node = 0; node < 2; node++) {
      check(node, node, volume);
    }
    verdicts++;
  }

  /// Both are good again: both have the side that was kept. The node whose side it is.
  public int together(int volume, Kept expected) {
    if (expected == Kept.BOTH) {
      throw new Violation(
          NAME, "volume %d: a side was given up, where both are kept".formatted(volume));
    }
    int winner =
        expected == Kept.EITHER ? (has(0, 0, volume) ? 0 : 1) : expected == Kept.FIRST ? 0 : 1;
    check(winner, winner, volume);
    check(1 - winner, winner, volume);
    for (long sector : view.history(volume).knownSectors()) {
      if (side(0, volume, sector) != side(1, volume, sector)) {
        givenUp++;
      }
    }
    verdicts++;
    return winner;
  }

  private boolean has(int node, int side, int volume) {
    return firstOther(node, side, volume) < 0;
  }

  private void check(int node, int side, int volume) {
    long other = firstOther(node, side, volume);
    if (other >= 0) {
      throw new Violation(
          NAME,
          "%s/%d sector %d has %d, and the side of %s that is kept %d"
              .formatted(
                  view.node(node).name(),
                  volume,
                  other,
                  view.onDrive(node, volume, other),
                  view.node(side).name(),
                  side(side, volume, other)));
    }
  }

  private long firstOther(int node, int side, int volume) {
    for (long sector : view.history(volume).knownSectors()) {
      if (view.onDrive(node, volume, sector) != side(side, volume, sector)) {
        return sector;
      }
    }
    return -1;
  }

  /// The nodes are one again.
  public void healed() {
    isParted = false;
  }
}
