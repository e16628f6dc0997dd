package org.twincore.drbd.engine.activity;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.twincore.drbd.Invariant;

/// The slots of the activity log: which extent each holds on disk, who uses it, and which unused
/// one was let go longest ago.
///
/// A slot is free, active (its extent is in the log on disk), or changing (a transaction in flight
/// will put an extent into it; the old one is gone for users from the start of that transaction).
final class ActiveSet {
  /// No slot.
  static final int NONE = -1;

  /// The extent of a slot that holds none.
  static final long FREE = -1;

  private final long[] extentOnDisk;
  private final long[] extentToBe;
  private final int[] users;
  private final int[] older;
  private final int[] newer;
  private final Map<Long, Integer> slotOfExtent = new HashMap<>();
  private int oldest = NONE;
  private int newest = NONE;
  private int unused;

  ActiveSet(int slots) {
    extentOnDisk = new long[slots];
    extentToBe = new long[slots];
    users = new int[slots];
    older = new int[slots];
    newer = new int[slots];
    Arrays.fill(extentOnDisk, FREE);
    Arrays.fill(extentToBe, FREE);
    for (int slot = 0; slot < slots; slot++) {
      appendUnused(slot);
    }
  }

  int slots() {
    return users.length;
  }

  /// Slots that nobody uses, free ones included.
  int unusedSlots() {
    return unused;
  }

  /// The slot that holds the extent now or will after the transaction in flight, or [#NONE].
  int slotOf(long extent) {
    return slotOfExtent.getOrDefault(extent, NONE);
  }

  boolean isActive(long extent) {
    int slot = slotOf(extent);
    return slot != NONE && extentOnDisk[slot] == extent;
  }

  /// What the log on disk says about a slot: an extent or [#FREE].
  long onDisk(int slot) {
    return extentOnDisk[slot];
  }

  boolean isUsed(int slot) {
    return users[slot] > 0;
  }

  /// One more user of a slot that holds, or will hold, the user's extent.
  void use(int slot) {
    if (users[slot] == 0) {
      removeUnused(slot);
    }
    users[slot]++;
  }

  /// One user less. True if it was the last.
  boolean letGo(int slot) {
    Invariant.check(users[slot] > 0, "slot %d is used by %d", slot, users[slot]);
    users[slot]--;
    if (users[slot] > 0) {
      return false;
    }
    appendUnused(slot);
    return true;
  }

  /// Takes the slot that was let go longest ago (free ones first of all) for `extent`, with one
  /// user; the log on disk says so only after [#commit].
  int replaceOldest(long extent) {
    int slot = oldest;
    Invariant.check(slot != NONE, "a slot is unused");
    Invariant.check(slotOf(extent) == NONE, "the extent has no slot yet");
    if (extentOnDisk[slot] != FREE) {
      slotOfExtent.remove(extentOnDisk[slot]);
    }
    slotOfExtent.put(extent, slot);
    extentToBe[slot] = extent;
    use(slot);
    return slot;
  }

  /// The transaction that changes this slot is on disk.
  void commit(int slot) {
    extentOnDisk[slot] = extentToBe[slot];
  }

  private void appendUnused(int slot) {
    older[slot] = newest;
    newer[slot] = NONE;
    if (newest == NONE) {
      oldest = slot;
    } else {
      newer[newest] = slot;
    }
    newest = slot;
    unused++;
  }

  private void removeUnused(int slot) {
    if (older[slot] == NONE) {
      oldest = newer[slot];
    } else {
      newer[older[slot]] = newer[slot];
    }
    if (newer[slot] == NONE) {
      newest = older[slot];
    } else {
      older[newer[slot]] = older[slot];
    }
    unused--;
  }
}
