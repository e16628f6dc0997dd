package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_T;
import static org.twincore.drbd.ConnectionState.STAND_ALONE;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;

import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.wire.StateWord;

/// Which volumes of a node have to wait with their resync for another one's (`resync-after`,
/// drbd-wire section 12.2, `_drbd_may_sync_now`).
///
/// A volume waits while one that it comes after, directly or through others, has a resync, or has
/// one paused by anybody. Pure: whoever runs the node's resources asks after each change of a state
/// and brings the answers to them as `Event.ResyncOrder`, until there are none.
public final class ResyncOrder {
  /// No other volume to wait for.
  public static final int NONE = -1;

  private ResyncOrder() {}

  /// One volume of the node: its minor, its state, and the minor that its resync comes after.
  public record Member(int minor, StateWord state, int after) {
    private boolean hasDisk() {
      return state.disk() != DiskState.DISKLESS;
    }

    private boolean isConfigured() {
      return state.conn() != STAND_ALONE || hasDisk();
    }

    private boolean holdsOthersBack() {
      boolean resyncs =
          state.conn().isAtLeast(SYNC_SOURCE) && state.conn().compareTo(PAUSED_SYNC_T) <= 0;
      return resyncs || state.isResyncPaused();
    }
  }

  /// The volumes whose `aftr_isp` has to change, by minor, and to what.
  public static SortedMap<Integer, Boolean> changes(Collection<Member> members) {
    TreeMap<Integer, Member> byMinor = new TreeMap<>();
    members.forEach(member -> byMinor.put(member.minor, member));
    TreeMap<Integer, Boolean> changes = new TreeMap<>();
    for (Member member : byMinor.values()) {
      boolean waits = member.isConfigured() && !mayResync(member, byMinor);
      if (waits != member.state.aftrIsp()) {
        changes.put(member.minor, waits);
      }
    }
    return changes;
  }

  /// The minor that stands in `resync-after`, or [#NONE].
  public static int after(OptionValues disk) {
    String minor = disk.word(Option.RESYNC_AFTER);
    return minor.matches("[0-9]{1,7}") ? Integer.parseInt(minor) : NONE;
  }

  private static boolean mayResync(Member member, TreeMap<Integer, Member> byMinor) {
    TreeSet<Integer> seen = new TreeSet<>();
    Member each = member;
    while (each.hasDisk() && each.after != NONE && seen.add(each.minor)) {
      Member before = byMinor.get(each.after);
      if (before == null) {
        return true;
      }
      if (before.holdsOthersBack()) {
        return false;
      }
      each = before;
    }
    return true;
  }

  /// Whether `minor` would wait for itself if its resync came after that of `after`.
  public static boolean isCycle(int minor, int after, Collection<Member> members) {
    TreeMap<Integer, Member> byMinor = new TreeMap<>();
    members.forEach(member -> byMinor.put(member.minor, member));
    TreeSet<Integer> seen = new TreeSet<>();
    int each = after;
    while (each != NONE && each != minor && seen.add(each)) {
      Member member = byMinor.get(each);
      each = member == null || !member.hasDisk() ? NONE : member.after;
    }
    return each == minor;
  }
}
