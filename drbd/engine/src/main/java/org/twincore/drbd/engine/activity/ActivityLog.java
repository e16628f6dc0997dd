package org.twincore.drbd.engine.activity;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;

/// The activity log of one volume in memory (drbd-metadata section 3).
///
/// A write calls [#begin] with its token. If it must wait, the caller gets the token back later
/// from [#transactionDone] or [#turn]. At the end of each step the caller asks [#turn] for a
/// transaction to write; while one is in flight there is no other, and what waits meanwhile shares
/// the next. A write lets its extents go with [#release] when it is finished locally and no crash
/// can make the disks differ there any more: its barrier is acknowledged, or its bits are durably
/// set.
///
/// Waiting is fair: writes get their extents in the order in which they asked, except that a write
/// whose extents are all active does not wait for those that need a transaction. When the first in
/// the line cannot get enough slots, everybody queues behind it until it can (`starving`), so it
/// gets its turn as soon as the writes in flight are released.
public final class ActivityLog {
  /// Sectors of 512 bytes in an activity log extent of 4 MiB.
  public static final int EXTENT_SHIFT_SECTORS = 13;

  /// What one transaction can change, and so the largest number of extents of one write.
  public static final int UPDATES_MAX = 64;

  /// Slots in the context of one transaction.
  public static final int CONTEXT_SLOTS = 919;

  /// The extents that one 4 KiB page of the bitmap covers.
  public static final int EXTENTS_PER_BITMAP_PAGE = 32;

  private static final int SLOTS_MAX = 65534;
  private static final long NUMBER_MASK = 0xffff_ffffL;

  private final ActiveSet set;
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private @Nullable InFlight inFlight;
  private boolean initialised;
  private boolean suspended;
  private boolean starving;
  private boolean mustLookAgain;
  private long transactionNumber;
  private int contextStart;
  private long hits;
  private long misses;
  private long starvations;
  private long changes;

  /// The answer to [#begin].
  public enum Begin {
    /// The extents are active: go on; release them later.
    READY,
    /// Wait until the token comes back; the extents count as held from then on.
    WAITS,
    /// The log is suspended: go on, and do not release anything.
    NOT_LOGGED
  }

  /// The extents of one write, both ends included.
  public record Span(long first, long last) {
    public Span {
      Invariant.check(first >= 0 && first <= last, "extents %d to %d", first, last);
      Invariant.check(last - first < UPDATES_MAX, "at most 64 extents, %d to %d", first, last);
    }

    /// The activity log extents that a non-empty extent of the device touches.
    public static Span of(Extent extent) {
      return new Span(
          extent.sector() >> EXTENT_SHIFT_SECTORS,
          (extent.endSector() - 1) >> EXTENT_SHIFT_SECTORS);
    }

    int size() {
      return (int) (last - first + 1);
    }
  }

  /// One change of a transaction: the slot and the extent that it will hold.
  public record Update(int slot, long extent) {}

  /// What must be written, and what before it.
  ///
  /// `evicted` are the extents that leave the log, ascending. If there are any: first flush the
  /// data area, then make the bitmap pages `bitmapPages` (4 KiB pages, numbered from the bitmap's
  /// start) durable where they are dirty, only then write the block. The block must be durable
  /// before [#transactionDone]. `number` names the place in the ring.
  public record Transaction(long number, byte[] block, List<Long> evicted, List<Long> bitmapPages) {
    public boolean evicts() {
      return !evicted.isEmpty();
    }
  }

  /// What [#turn] found: tokens of writes that may start now, in order, and a transaction to write.
  public record Turn(List<Long> ready, Optional<Transaction> transaction) {
    public Turn {
      ready = List.copyOf(ready);
    }
  }

  /// The figures of `/proc/drbd` and debugfs.
  public record Statistics(
      int usedSlots, int slots, long hits, long misses, long starvations, long changes) {}

  private record Waiter(long token, Span span) {}

  private record InFlight(List<Update> updates, List<Long> tokens) {}

  /// An empty log of `slots` slots (option `al-extents`, at least 64) that was never written;
  /// `firstNumber` is the number of its first transaction: 0 at attach, the next one when a log in
  /// use is replaced.
  public ActivityLog(int slots, long firstNumber) {
    Invariant.check(
        slots >= UPDATES_MAX && slots <= SLOTS_MAX, "al-extents is %d of %d", slots, SLOTS_MAX);
    set = new ActiveSet(slots);
    transactionNumber = firstNumber;
  }

  /// The blocks that fill a ring of `ringBlocks` blocks; all must be durable before the first
  /// write.
  public List<Transaction> initialise(int ringBlocks) {
    Invariant.check(!initialised, "the log is initialised once");
    initialised = true;
    return fill(ringBlocks);
  }

  /// The blocks that fill another ring with the log as it is: it was moved. Only while nobody waits
  /// and no transaction is in flight.
  public List<Transaction> refill(int ringBlocks) {
    Invariant.check(initialised && isQuiet(), "the log is quiet");
    return fill(ringBlocks);
  }

  private List<Transaction> fill(int ringBlocks) {
    List<Transaction> blocks = new ArrayList<>(ringBlocks);
    for (int block = 0; block < ringBlocks; block++) {
      blocks.add(transaction(List.of(), new TreeSet<>()));
    }
    return List.copyOf(blocks);
  }

  /// A write, or discard, wants to start. All its extents become active together.
  public Begin begin(long token, Span span) {
    if (suspended) {
      return Begin.NOT_LOGGED;
    }
    if (!starving && allActive(span)) {
      hits += span.size();
      useKnown(span);
      return Begin.READY;
    }
    waiters.add(new Waiter(token, span));
    return Begin.WAITS;
  }

  /// The write that holds these extents is over and cannot make the disks differ any more.
  public void release(Span span) {
    for (long extent = span.first; extent <= span.last; extent++) {
      int slot = set.slotOf(extent);
      Invariant.check(slot != ActiveSet.NONE, "extent %d of %d is held", extent, span.last);
      set.letGo(slot);
    }
  }

  /// True if [#turn] may have something to do; cheap.
  public boolean hasWaiters() {
    return !waiters.isEmpty();
  }

  /// Who may go on now, and what to write for those that wait; to be called at the end of each step
  /// while there are waiters. At most one transaction is in flight.
  public Turn turn() {
    Invariant.check(initialised, "the log was initialised");
    List<Long> ready = new ArrayList<>();
    grant(ready);
    if (inFlight != null || waiters.isEmpty()) {
      return new Turn(ready, Optional.empty());
    }
    List<Update> updates = new ArrayList<>();
    List<Long> tokens = new ArrayList<>();
    TreeSet<Long> evicted = new TreeSet<>();
    while (!waiters.isEmpty()) {
      Waiter waiter = waiters.getFirst();
      boolean needsNothing = allActive(waiter.span);
      if (!include(waiter.span, updates, evicted)) {
        break;
      }
      (needsNothing ? ready : tokens).add(waiters.removeFirst().token);
    }
    if (tokens.isEmpty()) {
      if (waiters.isEmpty()) {
        return new Turn(ready, Optional.empty());
      }
      starvations += starving ? 0 : 1;
      starving = true;
      return new Turn(ready, Optional.empty());
    }
    mustLookAgain |= starving;
    starving = false;
    changes += updates.size();
    inFlight = new InFlight(List.copyOf(updates), List.copyOf(tokens));
    grant(ready);
    return new Turn(ready, Optional.of(transaction(updates, evicted)));
  }

  /// The block of the transaction in flight is durable: these writes may start, in this order. Ask
  /// [#turn] afterwards.
  public List<Long> transactionDone() {
    InFlight done = inFlight;
    if (done == null) {
      throw new IllegalStateException("no transaction is in flight");
    }
    for (Update update : done.updates) {
      set.commit(update.slot);
    }
    inFlight = null;
    mustLookAgain = true;
    return done.tokens;
  }

  /// From now on writes are not logged: each block is out of sync anyway and no peer is connected.
  /// Those that wait already are still served.
  public void suspend() {
    suspended = true;
  }

  public void resume() {
    suspended = false;
  }

  public boolean isSuspended() {
    return suspended;
  }

  /// True if writes wait until others let extents go.
  public boolean isStarving() {
    return starving;
  }

  /// Does a write in flight, or not yet safe on both sides, hold this extent?
  public boolean isHeld(long extent) {
    int slot = set.slotOf(extent);
    return slot != ActiveSet.NONE && set.isUsed(slot);
  }

  /// True if nobody holds or awaits an extent and no transaction is in flight.
  public boolean isIdle() {
    return inFlight == null && waiters.isEmpty() && set.unusedSlots() == set.slots();
  }

  /// True if nobody awaits an extent and no transaction is in flight; extents may be held.
  public boolean isQuiet() {
    return inFlight == null && waiters.isEmpty();
  }

  /// The number that the next transaction will have.
  public long nextNumber() {
    return transactionNumber;
  }

  public Statistics statistics() {
    int used = set.slots() - set.unusedSlots();
    return new Statistics(used, set.slots(), hits, misses, starvations, changes);
  }

  /// Those in the line whose extents are all active by now.
  private void grant(List<Long> ready) {
    if (!mustLookAgain) {
      return;
    }
    mustLookAgain = false;
    List<Waiter> rest = new ArrayList<>();
    for (Waiter waiter : waiters) {
      boolean mayGo = rest.isEmpty() || !starving;
      if (mayGo && allActive(waiter.span)) {
        hits += waiter.span.size();
        useKnown(waiter.span);
        ready.add(waiter.token);
        starving = false;
      } else {
        rest.add(waiter);
      }
    }
    waiters.clear();
    waiters.addAll(rest);
  }

  /// Gives all extents of a span a slot and a user, or changes nothing.
  private boolean include(Span span, List<Update> updates, TreeSet<Long> evicted) {
    int missing = 0;
    int claimed = 0;
    for (long extent = span.first; extent <= span.last; extent++) {
      int slot = set.slotOf(extent);
      if (slot == ActiveSet.NONE) {
        missing++;
      } else if (!set.isUsed(slot)) {
        claimed++;
      }
    }
    if (missing > UPDATES_MAX - updates.size() || missing > set.unusedSlots() - claimed) {
      return false;
    }
    useKnown(span);
    for (long extent = span.first; extent <= span.last; extent++) {
      if (set.slotOf(extent) == ActiveSet.NONE) {
        int slot = set.replaceOldest(extent);
        if (set.onDisk(slot) != ActiveSet.FREE) {
          evicted.add(set.onDisk(slot));
        }
        updates.add(new Update(slot, extent));
      }
    }
    misses += missing;
    hits += span.size() - missing;
    return true;
  }

  /// First of all the extents that have a slot, so that they are not replaced by the others.
  private void useKnown(Span span) {
    for (long extent = span.first; extent <= span.last; extent++) {
      int slot = set.slotOf(extent);
      if (slot != ActiveSet.NONE) {
        set.use(slot);
      }
    }
  }

  private boolean allActive(Span span) {
    for (long extent = span.first; extent <= span.last; extent++) {
      if (!set.isActive(extent)) {
        return false;
      }
    }
    return true;
  }

  private Transaction transaction(List<Update> updates, TreeSet<Long> evicted) {
    long number = transactionNumber;
    byte[] block = encode(number, updates);
    transactionNumber = (number + 1) & NUMBER_MASK;
    contextStart += CONTEXT_SLOTS;
    contextStart = contextStart >= set.slots() ? 0 : contextStart;
    TreeSet<Long> pages = new TreeSet<>();
    for (long extent : evicted) {
      pages.add(extent / EXTENTS_PER_BITMAP_PAGE);
    }
    return new Transaction(number, block, List.copyOf(evicted), List.copyOf(pages));
  }

  private byte[] encode(long number, List<Update> updates) {
    int slots = Math.min(CONTEXT_SLOTS, set.slots() - contextStart);
    long[] context = new long[slots];
    for (int i = 0; i < slots; i++) {
      context[i] = set.onDisk(contextStart + i);
    }
    return TransactionBlock.encode(
        number, updates, new TransactionBlock.Context(set.slots(), contextStart, context));
  }
}
