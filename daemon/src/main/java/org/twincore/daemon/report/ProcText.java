package org.twincore.daemon.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.ExtentCache;
import org.twincore.drbd.engine.exchange.ResourceStatus.Load;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// The text of /proc/drbd, as 8.4 writes it: two header lines, then two lines a minor and two more
/// while it resyncs or verifies.
public final class ProcText {

  /// The kernel module's parameter `proc_details`.
  public enum Details {
    NONE,
    /// Sync position and extent caches.
    CACHES,
    /// Also how many requests wait for the activity log.
    WAITERS
  }

  private ProcText() {}

  /// One minor with what its resource says.
  record Minor(ResourceStatus resource, VolumeStatus volume) {}

  /// All minors of all resources in the minors' order.
  static List<Minor> minors(List<ReportedResource> resources) {
    List<Minor> minors = new ArrayList<>();
    for (ReportedResource resource : resources) {
      resource.volumes().forEach(volume -> minors.add(new Minor(resource.status(), volume)));
    }
    minors.sort(Comparator.comparingInt(minor -> minor.volume().minor()));
    return minors;
  }

  /// The whole text; `nowNanos` is the resources' clock, for speeds.
  public static String render(
      Banner banner, List<ReportedResource> resources, long nowNanos, Details details) {
    StringBuilder text = new StringBuilder(banner.toString());
    int previous = -1;
    for (Minor minor : minors(resources)) {
      if (minor.volume().minor() != previous + 1) {
        text.append('\n');
      }
      previous = minor.volume().minor();
      minor(text, minor, nowNanos, details);
    }
    return text.toString();
  }

  private static void minor(StringBuilder text, Minor minor, long nowNanos, Details details) {
    VolumeStatus volume = minor.volume();
    number(text, volume.minor());
    if (ReportedResource.isUnconfigured(volume)) {
      text.append(" cs:Unconfigured\n");
    } else {
      states(text, minor);
      counters(text, minor);
      text.append(ProgressText.of(volume, nowNanos, details != Details.NONE));
      if (details != Details.NONE && volume.state().disk().isAtLeast(DiskState.FAILED)) {
        cache(text, "resync", volume.load().resync(), "locked");
        cache(text, "act_log", volume.load().activityLog(), "locked");
      }
    }
    if (details == Details.WAITERS) {
      int waiting = volume.load().waitingForActivityLog();
      text.append("\tblocked on activity log: ").append(waiting).append('\n');
    }
  }

  static void number(StringBuilder text, int minor) {
    text.append(minor < 10 ? " " : "").append(minor).append(':');
  }

  private static void states(StringBuilder text, Minor minor) {
    StateWord state = minor.volume().state();
    text.append(" cs:").append(state.conn());
    text.append(" ro:").append(state.role()).append('/').append(state.peer());
    text.append(" ds:").append(state.disk()).append('/').append(state.pdsk());
    text.append(' ').append(protocol(minor)).append(' ');
    text.append(flags(minor.volume())).append('\n');
  }

  /// A, B or C; a blank without network configuration.
  static char protocol(Minor minor) {
    boolean alone = minor.volume().state().conn() == ConnectionState.STAND_ALONE;
    return alone ? ' ' : minor.resource().protocol().map(p -> p.name().charAt(0)).orElse(' ');
  }

  /// The six letters of 8.3.10 and later.
  static String flags(VolumeStatus volume) {
    Load load = volume.load();
    char congested = load.diskCongested() ? 'b' : '-';
    if (load.networkCongested()) {
      congested = load.diskCongested() ? 'a' : 'n';
    }
    return fourFlags(volume.state()) + congested + (volume.activityLogSuspended() ? 's' : '-');
  }

  /// The four letters of 8.0 to 8.2.
  static String fourFlags(StateWord state) {
    return (state.isSuspended() ? "s" : "r")
        + (state.aftrIsp() ? "a" : "-")
        + (state.peerIsp() ? "p" : "-")
        + (state.userIsp() ? "u" : "-");
  }

  private static void counters(StringBuilder text, Minor minor) {
    firstCounters(text, minor.volume().counters());
    text.append(" ep:").append(minor.resource().epochs());
    text.append(" wo:").append(minor.resource().writeOrdering());
    long outOfSyncKib = minor.volume().outOfSyncBlocks() * Figures.BLOCK_KIB;
    text.append(" oos:").append(outOfSyncKib).append('\n');
  }

  /// The part of the second line that all versions have, `ns:` to `ap:`.
  static void firstCounters(StringBuilder text, Counters counters) {
    text.append("    ns:").append(counter(counters.sentSectors()));
    text.append(" nr:").append(counter(counters.receivedSectors()));
    text.append(" dw:").append(counter(counters.diskWrittenSectors()));
    text.append(" dr:").append(counter(counters.diskReadSectors()));
    text.append(" al:").append(counters.activityLogWrites());
    text.append(" bm:").append(counters.bitmapWrites());
    text.append(" lo:").append(counters.localPending());
    text.append(" pe:").append(counters.peerPending());
    text.append(" ua:").append(counters.unacked());
    text.append(" ap:").append(counters.applicationPending());
  }

  /// The module counts sectors in 32 bits and halves them for print.
  private static long counter(long sectors) {
    return (sectors & 0xffff_ffffL) / 2;
  }

  static void cache(StringBuilder text, String name, ExtentCache cache, String fifth) {
    text.append('\t').append(name).append(':');
    text.append(" used:").append(cache.used()).append('/').append(cache.slots());
    text.append(" hits:").append(cache.hits());
    text.append(" misses:").append(cache.misses());
    text.append(" starving:").append(cache.starving());
    text.append(' ').append(fifth).append(':').append(cache.locked());
    text.append(" changed:").append(cache.changed()).append('\n');
  }
}
