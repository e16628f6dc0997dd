package org.twincore.drbd.engine.request;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;

/// The extents of requests in flight, searched by overlap.
///
/// Entries may overlap each other and may be equal. They are kept by size class: class k holds the
/// lengths from 2^k to 2^(k+1) - 1 sectors in the order of their first sector, so a search looks at
/// each class that is in use only from one class length before the wanted extent. With n entries in
/// c classes (one or two in practice) a search costs c * log(n) and the entries found.
///
/// @param <T> what the caller keeps with an extent, usually its request
public final class IntervalSet<T> {
  private static final int CLASSES = Long.SIZE;
  private static final Comparator<Entry<?>> BY_SECTOR =
      Comparator.<Entry<?>>comparingLong(entry -> entry.extent.sector())
          .thenComparingLong(entry -> entry.number);

  private final List<@Nullable NavigableSet<Entry<T>>> classes = new ArrayList<>(CLASSES);
  private long lastNumber;
  private int size;

  /// An extent in the set with its owner; also the handle to take it out again.
  public static final class Entry<T> {
    private final Extent extent;
    private final @Nullable T owner;
    private final long number;

    private Entry(Extent extent, @Nullable T owner, long number) {
      this.extent = extent;
      this.owner = owner;
      this.number = number;
    }

    public Extent extent() {
      return extent;
    }

    public T owner() {
      if (owner == null) {
        throw new IllegalStateException("a search key has no owner");
      }
      return owner;
    }
  }

  public IntervalSet() {
    for (int sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
      classes.add(null);
    }
  }

  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /// Puts an extent of at least one sector in; the answer takes it out again.
  public Entry<T> add(Extent extent, T owner) {
    Invariant.check(extent.sizeBytes() > 0, "an interval has at least one sector");
    lastNumber++;
    Entry<T> entry = new Entry<>(extent, owner, lastNumber);
    int sizeClass = sizeClass(extent);
    NavigableSet<Entry<T>> entries = classes.get(sizeClass);
    if (entries == null) {
      entries = new TreeSet<>(BY_SECTOR);
      classes.set(sizeClass, entries);
    }
    entries.add(entry);
    size++;
    return entry;
  }

  /// Takes an entry out that [#add] returned and that is still in.
  public void remove(Entry<T> entry) {
    NavigableSet<Entry<T>> entries = classes.get(sizeClass(entry.extent));
    boolean removed = entries != null && entries.remove(entry);
    Invariant.check(removed, "the entry is in the set");
    size--;
  }

  /// True if any entry shares a sector with `wanted`; an empty extent overlaps nothing.
  public boolean overlaps(Extent wanted) {
    return anyOverlap(wanted).isPresent();
  }

  /// Some entry that shares a sector with `wanted`, the same one for the same history.
  public Optional<Entry<T>> anyOverlap(Extent wanted) {
    List<Entry<T>> found = search(wanted, 1);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
  }

  /// All entries that share a sector with `wanted`, in the order in which they were added.
  public List<Entry<T>> overlapping(Extent wanted) {
    List<Entry<T>> found = search(wanted, Integer.MAX_VALUE);
    found.sort(Comparator.comparingLong(entry -> entry.number));
    return found;
  }

  private List<Entry<T>> search(Extent wanted, int most) {
    List<Entry<T>> found = new ArrayList<>();
    if (wanted.sizeBytes() == 0) {
      return found;
    }
    for (int sizeClass = 0; sizeClass < CLASSES && found.size() < most; sizeClass++) {
      NavigableSet<Entry<T>> entries = classes.get(sizeClass);
      if (entries != null && !entries.isEmpty()) {
        searchClass(entries, sizeClass, wanted, most, found);
      }
    }
    return found;
  }

  private void searchClass(
      NavigableSet<Entry<T>> entries,
      int sizeClass,
      Extent wanted,
      int most,
      List<Entry<T>> found) {
    long longestSectors = (2L << sizeClass) - 1;
    long fromSector = Math.max(0, wanted.sector() - longestSectors + 1);
    Entry<T> from = new Entry<>(new Extent(fromSector, 0), null, 0);
    for (Entry<T> entry : entries.tailSet(from, true)) {
      if (found.size() >= most || entry.extent.sector() >= wanted.endSector()) {
        return;
      }
      if (entry.extent.overlaps(wanted)) {
        found.add(entry);
      }
    }
  }

  private static int sizeClass(Extent extent) {
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(extent.sizeSectors());
  }
}
