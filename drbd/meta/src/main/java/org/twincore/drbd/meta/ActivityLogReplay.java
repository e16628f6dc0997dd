package org.twincore.drbd.meta;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.twincore.drbd.meta.ActivityLogBlock.Corrupt;
import org.twincore.drbd.meta.ActivityLogBlock.Initialised;
import org.twincore.drbd.meta.ActivityLogBlock.Transaction;
import org.twincore.drbd.meta.ActivityLogBlock.Update;

/// What an activity log says: which extents were active when it was last written (drbd-metadata
/// section 3.1).
///
/// The transactions are walked from the oldest to the newest; each first sets the slots of its
/// context, then its updates. A corrupt block is left out: it is either the transaction under way
/// at the crash, whose writes had not begun, or damage that the contexts of the others mostly make
/// good. Where the transaction numbers do not fit the ring, no order can be trusted, and every
/// extent that any block names counts as active: too much is marked, never too little.
public record ActivityLogReplay(Verdict verdict, TreeSet<Long> activeExtents, int corruptBlocks) {

  /// How the log was found.
  public enum Verdict {
    /// Nothing was written since it was initialised, or only the very first transaction, torn.
    INITIALISED,
    /// Transactions in a sound order.
    REPLAYED,
    /// Transactions whose numbers contradict their places.
    CONTRADICTORY,
    /// No transaction is left, and blocks that are corrupt may have been some.
    NO_VALID_UPDATE,
    /// Not one block is valid.
    NO_VALID_BLOCK;

    /// Whether the active extents are known, or at least contained in what was found.
    public boolean isUsable() {
      return this != NO_VALID_UPDATE && this != NO_VALID_BLOCK;
    }
  }

  /// Replays the ring; `blocks` are in transaction order: block r holds numbers r modulo their
  /// count.
  public static ActivityLogReplay of(List<ActivityLogBlock> blocks) {
    List<Placed> found = new ArrayList<>();
    int corrupt = 0;
    for (int place = 0; place < blocks.size(); place++) {
      switch (blocks.get(place)) {
        case Initialised _ -> {}
        case Corrupt _ -> corrupt++;
        case Transaction transaction -> found.add(new Placed(place, transaction));
      }
    }
    if (corrupt == blocks.size()) {
      return new ActivityLogReplay(Verdict.NO_VALID_BLOCK, new TreeSet<>(), corrupt);
    }
    if (found.isEmpty()) {
      boolean isFirstTorn = corrupt == 1 && blocks.getFirst() instanceof Corrupt;
      Verdict verdict = corrupt == 0 || isFirstTorn ? Verdict.INITIALISED : Verdict.NO_VALID_UPDATE;
      return new ActivityLogReplay(verdict, new TreeSet<>(), corrupt);
    }
    // Differences of u32 numbers are signed, so that order survives their wrapping.
    int reference = found.getFirst().transaction.number();
    found.sort((a, b) -> Integer.compare(a.since(reference), b.since(reference)));
    return isSound(found, blocks.size())
        ? new ActivityLogReplay(Verdict.REPLAYED, replay(found), corrupt)
        : new ActivityLogReplay(Verdict.CONTRADICTORY, allNamed(found), corrupt);
  }

  private record Placed(int place, Transaction transaction) {
    int since(int reference) {
      return transaction.number() - reference;
    }
  }

  /// Neighbours in the order differ as their places in the ring do, and all fit into one round.
  private static boolean isSound(List<Placed> ordered, int ringBlocks) {
    Placed oldest = ordered.getFirst();
    for (int i = 1; i < ordered.size(); i++) {
      Placed next = ordered.get(i);
      int distance = next.since(oldest.transaction.number());
      if (distance >= ringBlocks
          || Math.floorMod(next.place - oldest.place, ringBlocks) != distance
          || next.transaction.number() == ordered.get(i - 1).transaction.number()) {
        return false;
      }
    }
    return true;
  }

  private static TreeSet<Long> replay(List<Placed> ordered) {
    TreeMap<Integer, Long> slots = new TreeMap<>();
    for (Placed placed : ordered) {
      Transaction transaction = placed.transaction;
      int slot = transaction.contextStart();
      for (long extent : transaction.context()) {
        slots.put(slot++, extent);
      }
      for (Update update : transaction.updates()) {
        slots.put(update.slot(), update.extent());
      }
    }
    return extentsOf(slots.values());
  }

  private static TreeSet<Long> allNamed(List<Placed> found) {
    TreeSet<Long> extents = new TreeSet<>();
    for (Placed placed : found) {
      extents.addAll(extentsOf(placed.transaction.context()));
      extents.addAll(extentsOf(placed.transaction.updates().stream().map(Update::extent).toList()));
    }
    return extents;
  }

  private static TreeSet<Long> extentsOf(Collection<Long> slots) {
    TreeSet<Long> extents = new TreeSet<>(slots);
    extents.remove(ActivityLogBlock.NO_EXTENT);
    return extents;
  }
}
