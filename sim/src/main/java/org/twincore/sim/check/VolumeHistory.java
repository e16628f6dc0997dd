package org.twincore.sim.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;

/// Which contents each sector of a volume may have, from what was asked and answered.
///
/// A write may be seen from the moment it was issued. Once it is answered, only it and writes that
/// were under way together with it may be. A write that failed or whose node died may be seen or
/// not until a later one is answered. Moments are counted, not timed: each call is one.
public final class VolumeHistory {
  private static final int SECTORS_PER_PAGE = 1_024;

  private @Nullable Sector[][] pages = new @Nullable Sector[16][];
  private final BitSet known = new BitSet();
  private final BitSet changed = new BitSet();
  private final TreeMap<Long, Open> open = new TreeMap<>();
  private long moment;
  private long flushedMoment;
  private long lastWrite;
  private long acknowledged;

  /// A content that a sector may have had from one moment to another.
  private static final class Entry {
    private final long write;
    private final long content;
    private final long sinceMoment;
    private long untilMoment = Long.MAX_VALUE;

    Entry(long write, long content, long sinceMoment) {
      this.write = write;
      this.content = content;
      this.sinceMoment = sinceMoment;
    }
  }

  private static final class Sector {
    private final List<Entry> entries = new ArrayList<>(4);
    private long durableMoment;

    boolean mayRead(long content, long sinceMoment) {
      for (int i = entries.size() - 1; i >= 0; i--) {
        Entry entry = entries.get(i);
        if (entry.content == content && entry.untilMoment > sinceMoment) {
          return true;
        }
      }
      return false;
    }
  }

  /// A write that is not answered yet, and those that were under way together with it.
  private static final class Open {
    private final Extent extent;
    private final TreeSet<Long> rivals = new TreeSet<>();

    Open(Extent extent) {
      this.extent = extent;
    }
  }

  /// Whether an answered write had FUA.
  public enum Durability {
    CACHED,
    FUA
  }

  /// Whether a write left zeroes or its own number.
  public enum Kind {
    DATA,
    ZEROES
  }

  /// A moment before which nothing issued later can have happened.
  public long moment() {
    return ++moment;
  }

  /// Number of the next write.
  public long nextWrite() {
    return lastWrite + 1;
  }

  /// A write was issued; its number.
  public long issued(Extent extent, Kind kind) {
    moment++;
    long write = ++lastWrite;
    Open opened = new Open(extent);
    for (var other : open.entrySet()) {
      if (other.getValue().extent.overlaps(extent)) {
        other.getValue().rivals.add(write);
        opened.rivals.add(other.getKey());
      }
    }
    open.put(write, opened);
    long content = kind == Kind.DATA ? write : 0;
    forSectors(extent, sector -> sector(sector).entries.add(new Entry(write, content, moment)));
    return write;
  }

  /// The write was answered OK.
  public void answered(long write, Durability durability) {
    long now = ++moment;
    acknowledged++;
    Open done = close(write);
    forSectors(
        done.extent,
        number -> {
          Sector sector = sector(number);
          for (Entry entry : sector.entries) {
            boolean stays =
                entry.write == write
                    || open.containsKey(entry.write)
                    || done.rivals.contains(entry.write);
            if (!stays && entry.untilMoment == Long.MAX_VALUE) {
              entry.untilMoment = now;
            }
          }
          if (durability == Durability.FUA) {
            sector.durableMoment = now;
          }
        });
  }

  /// The write failed, or nobody will ever answer it: from now on it may have happened or not.
  public void lost(long write) {
    moment++;
    close(write);
  }

  /// All writes under way are lost: their node died.
  public void allLost() {
    for (long write : List.copyOf(open.keySet())) {
      lost(write);
    }
  }

  private Open close(long write) {
    Open done = open.remove(write);
    if (done == null) {
      throw new IllegalStateException("write " + write + " is not under way");
    }
    return done;
  }

  /// A flush issued at `issuedMoment` was answered: what was answered before is stable.
  public void flushed(long issuedMoment) {
    flushedMoment = Math.max(flushedMoment, issuedMoment);
  }

  /// May a read that was issued at `sinceMoment` and is answered now find this content?
  public boolean mayRead(long sector, long content, long sinceMoment) {
    Sector found = find(sector);
    return found == null ? content == 0 : found.mayRead(content, sinceMoment);
  }

  /// May the sector have this content now?
  public boolean mayBe(long sector, long content) {
    return mayRead(sector, content, moment);
  }

  /// May the sector have this content after everything volatile was lost?
  public boolean mayBeAfterPowerLoss(long sector, long content) {
    Sector found = find(sector);
    return found == null
        ? content == 0
        : found.mayRead(content, Math.max(flushedMoment, found.durableMoment));
  }

  /// The moment at which the content stopped to be possible for good because a later write was
  /// answered; Long.MAX_VALUE if it is possible, -1 if the sector never had it.
  public long supersededMoment(long sector, long content) {
    Sector found = find(sector);
    if (found == null) {
      return content == 0 ? Long.MAX_VALUE : -1;
    }
    return found.entries.stream()
        .filter(entry -> entry.content == content)
        .mapToLong(entry -> entry.untilMoment)
        .max()
        .orElse(-1);
  }

  /// The moment at which the write that left this content was issued; 0 for zeroes.
  public long issuedMoment(long sector, long content) {
    Sector found = find(sector);
    if (found == null || content == 0) {
      return 0;
    }
    return found.entries.stream()
        .filter(entry -> entry.content == content)
        .mapToLong(entry -> entry.sinceMoment)
        .min()
        .orElse(0);
  }

  /// From now on the sector may have this content too: an allowed loss.
  public void concede(long sector, long content) {
    moment++;
    sector(sector).entries.add(new Entry(content, content, moment));
  }

  /// The sector has this content and nothing else, but until a flush a power cut may set it back to
  /// `stable`; only without writes under way.
  public void settle(long sector, long content, long stable) {
    long now = ++moment;
    Sector settled = sector(sector);
    settled.entries.forEach(entry -> entry.untilMoment = Math.min(entry.untilMoment, now));
    if (stable != content) {
      Entry old = new Entry(stable, stable, now);
      old.untilMoment = now;
      settled.entries.add(old);
    }
    settled.entries.add(new Entry(content, content, now));
    prune(settled);
  }

  private void prune(Sector sector) {
    sector.entries.removeIf(entry -> entry.untilMoment <= Math.min(flushedMoment, moment));
  }

  /// Sectors that were ever written, ascending.
  public long[] knownSectors() {
    return known.stream().asLongStream().toArray();
  }

  /// Sectors about which something became known since the last call, ascending; forgets them.
  public long[] takeChangedSectors() {
    long[] taken = changed.stream().asLongStream().toArray();
    changed.clear();
    return taken;
  }

  public boolean hasOpenWrites() {
    return !open.isEmpty();
  }

  /// Is a write under way that touches the extent?
  public boolean isBeingWritten(Extent extent) {
    return open.values().stream().anyMatch(write -> write.extent.overlaps(extent));
  }

  /// Where a write under way goes; null if it was answered.
  public @Nullable Extent extentOfOpen(long write) {
    Open found = open.get(write);
    return found == null ? null : found.extent;
  }

  /// Writes issued so far.
  public long writes() {
    return lastWrite;
  }

  /// Writes answered OK so far.
  public long acknowledgedWrites() {
    return acknowledged;
  }

  /// The contents a sector may have now, for messages.
  public String describe(long sector) {
    Sector found = find(sector);
    if (found == null) {
      return "never written";
    }
    StringBuilder text = new StringBuilder();
    for (Entry entry : found.entries) {
      text.append(entry.content)
          .append(
              open.containsKey(entry.write)
                  ? "(under way) "
                  : entry.untilMoment == Long.MAX_VALUE
                      ? " "
                      : "(until " + entry.untilMoment + ") ");
    }
    return text.append("flushed ").append(flushedMoment).toString();
  }

  /// What is known of a sector; null if it was never written.
  private @Nullable Sector find(long number) {
    int page = (int) (number / SECTORS_PER_PAGE);
    if (page >= pages.length) {
      return null;
    }
    @Nullable Sector[] sectors = pages[page];
    return sectors == null ? null : sectors[(int) (number % SECTORS_PER_PAGE)];
  }

  /// The sector, of which something is about to change.
  private Sector sector(long number) {
    changed.set((int) number);
    Sector found = find(number);
    if (found != null) {
      return found;
    }
    Sector fresh = new Sector();
    fresh.entries.add(new Entry(0, 0, 0));
    known.set((int) number);
    int page = (int) (number / SECTORS_PER_PAGE);
    if (page >= pages.length) {
      pages = Arrays.copyOf(pages, Math.max(page + 1, 2 * pages.length));
    }
    @Nullable Sector[] sectors = pages[page];
    if (sectors == null) {
      sectors = new @Nullable Sector[SECTORS_PER_PAGE];
      pages[page] = sectors;
    }
    sectors[(int) (number % SECTORS_PER_PAGE)] = fresh;
    return fresh;
  }

  private static void forSectors(Extent extent, LongConsumer action) {
    for (long sector = extent.sector(); sector < extent.endSector(); sector++) {
      action.accept(sector);
    }
  }
}
