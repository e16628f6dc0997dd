package org.twincore.daemon.report;

import java.util.List;
import org.twincore.daemon.report.ProcText.Minor;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// The text of /proc/drbd as the modules before 8.3 wrote it: `st:` for the roles, and in 0.7 `ld:`
/// for what the local metadata says of the data.
final class OldProcText {
  private OldProcText() {}

  /// 8.2: four flags, no epochs, both extent caches.
  static String render82(Banner banner, List<ReportedResource> resources, long nowNanos) {
    StringBuilder text = new StringBuilder(banner.toString());
    int previous = -1;
    for (Minor minor : ProcText.minors(resources)) {
      VolumeStatus volume = minor.volume();
      text.append(volume.minor() == previous + 1 ? "" : "\n");
      previous = volume.minor();
      ProcText.number(text, volume.minor());
      if (ReportedResource.isUnconfigured(volume)) {
        text.append(" cs:Unconfigured\n");
        continue;
      }
      StateWord state = volume.state();
      text.append(" cs:").append(state.conn());
      text.append(" st:").append(state.role()).append('/').append(state.peer());
      text.append(" ds:").append(state.disk()).append('/').append(state.pdsk());
      text.append(' ').append(ProcText.protocol(minor)).append(' ');
      text.append(ProcText.fourFlags(state)).append('\n');
      ProcText.firstCounters(text, volume.counters());
      text.append('\n').append(ProgressText.of82(volume, nowNanos));
      if (state.disk().isAtLeast(DiskState.FAILED)) {
        ProcText.cache(text, "resync", volume.load().resync(), "dirty");
        ProcText.cache(text, "act_log", volume.load().activityLog(), "dirty");
      }
    }
    return text.toString();
  }

  /// 0.7: each minor up to the last, without empty lines.
  static String render07(Banner banner, List<ReportedResource> resources, long nowNanos) {
    StringBuilder text = new StringBuilder(banner.toString());
    int next = 0;
    for (Minor minor : ProcText.minors(resources)) {
      for (; next < minor.volume().minor(); next++) {
        unconfigured07(text, next);
      }
      next = minor.volume().minor() + 1;
      minor07(text, minor.volume(), nowNanos);
    }
    return text.toString();
  }

  private static void unconfigured07(StringBuilder text, int minor) {
    ProcText.number(text, minor);
    text.append(" cs:Unconfigured\n");
  }

  private static void minor07(StringBuilder text, VolumeStatus volume, long nowNanos) {
    StateWord state = volume.state();
    if (ReportedResource.isUnconfigured(volume)) {
      unconfigured07(text, volume.minor());
      return;
    }
    ProcText.number(text, volume.minor());
    text.append(" cs:").append(connection07(state));
    text.append(" st:").append(state.role()).append('/').append(state.peer());
    boolean consistent = state.disk().isAtLeast(DiskState.OUTDATED);
    text.append(" ld:").append(consistent ? "Consistent" : "Inconsistent").append('\n');
    ProcText.firstCounters(text, volume.counters());
    text.append('\n').append(ProgressText.of07(volume, nowNanos));
  }

  /// 0.7's name of a state; later states have that of the nearest it had.
  private static String connection07(StateWord state) {
    return switch (state.conn()) {
      case CONNECTED, VERIFY_S, VERIFY_T -> connected07(state);
      case DISCONNECTING, TEAR_DOWN -> ConnectionState.UNCONNECTED.toString();
      case PROTOCOL_ERROR -> ConnectionState.BROKEN_PIPE.toString();
      case STARTING_SYNC_S -> ConnectionState.WF_BITMAP_S.toString();
      case STARTING_SYNC_T, WF_SYNC_UUID -> ConnectionState.WF_BITMAP_T.toString();
      case AHEAD -> ConnectionState.PAUSED_SYNC_S.toString();
      case BEHIND -> ConnectionState.PAUSED_SYNC_T.toString();
      default -> state.conn().toString();
    };
  }

  private static String connected07(StateWord state) {
    if (state.disk() == DiskState.DISKLESS) {
      return "DiskLessClient";
    }
    return state.pdsk() == DiskState.DISKLESS ? "ServerForDLess" : "Connected";
  }
}
