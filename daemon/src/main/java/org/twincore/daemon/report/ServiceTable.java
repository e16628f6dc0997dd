package org.twincore.daemon.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.twincore.daemon.report.ProcText.Minor;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;
import org.twincore.host.linux.MountTable.Mount;

/// The table of `service drbd status` since 8.3: one row a minor, its sync progress right below.
///
/// Columns are padded as `column -t` pads them, blanks at the end included. Unlike the original, a
/// volume without protocol has `-` there, and progress follows its own device.
final class ServiceTable {
  private static final List<String> TITLES =
      List.of("m:res", "cs", "ro", "ds", "p", "mounted", "fstype");
  private static final String GAP = "  ";

  private ServiceTable() {}

  /// `mounts` are by minor.
  static String render(
      List<ReportedResource> resources, Map<Integer, Mount> mounts, long nowNanos) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(TITLES);
    for (Minor minor : ProcText.minors(resources)) {
      if (!ReportedResource.isUnconfigured(minor.volume())) {
        rows.add(row(minor, mounts));
        progress(minor.volume(), nowNanos, rows);
      }
    }
    return padded(rows);
  }

  private static List<String> row(Minor minor, Map<Integer, Mount> mounts) {
    StateWord state = minor.volume().state();
    char protocol = ProcText.protocol(minor);
    List<String> cells = new ArrayList<>();
    cells.add(minor.volume().minor() + ":" + printable(minor.resource().name()));
    cells.add(state.conn().toString());
    cells.add(state.role() + "/" + state.peer());
    cells.add(state.disk() + "/" + state.pdsk());
    cells.add(protocol == ' ' ? "-" : String.valueOf(protocol));
    Mount mount = mounts.get(minor.volume().minor());
    if (mount != null) {
      cells.add(mount.folder());
      cells.add(mount.type());
    }
    return cells;
  }

  private static String printable(String name) {
    return name.replaceAll("[^a-zA-Z0-9_-]", "_");
  }

  private static void progress(VolumeStatus volume, long nowNanos, List<List<String>> rows) {
    if (volume.progress().isPresent() && ProgressText.isRunning(volume.state().conn())) {
      ProgressFigures figures = ProgressFigures.of(volume.progress().get(), nowNanos);
      String label = ProgressText.label(volume.state().conn());
      rows.add(List.of("...", label, figures.percent().strip(), figures.amount()));
    }
  }

  private static String padded(List<List<String>> rows) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int column = 0; column < columns; column++) {
        String cell = column < row.size() ? row.get(column) : "";
        boolean last = column == columns - 1;
        int fill = last ? 0 : widths[column] - cell.length();
        text.append(cell).repeat(' ', fill).append(last ? "" : GAP);
      }
      text.append('\n');
    }
    return text.toString();
  }
}
