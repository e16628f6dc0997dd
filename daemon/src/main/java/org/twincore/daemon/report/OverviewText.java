package org.twincore.daemon.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.twincore.daemon.report.ProcText.Minor;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// What `drbd-overview` of DRBD 8.4 prints: a row a minor with its name, states and mounted file
/// system, and below it the progress of a resync as /proc/drbd has it.
///
/// ```
///  0:mail/0   Connected  Primary/Secondary UpToDate/UpToDate     /srv/mail ext4 200G 158G 43G 79%
/// ```
///
/// Columns are padded to the widest, with one blank between them; the second one, for what is
/// stacked, stays empty. The name of a volume is always with its number, as the 8.4 tools print it.
public final class OverviewText {
  private static final int BLANKS = 1;

  private OverviewText() {}

  /// A mounted file system, with sizes in bytes.
  public record Usage(
      String folder, String type, long totalBytes, long usedBytes, long availableBytes) {

    private List<String> cells() {
      long reachable = usedBytes + availableBytes;
      long percent = reachable == 0 ? 0 : Math.ceilDiv(100 * usedBytes, reachable);
      return List.of(
          folder, type, human(totalBytes), human(usedBytes), human(availableBytes), percent + "%");
    }
  }

  /// `usages` are by minor; `nowNanos` is the resources' clock.
  public static String render(
      List<ReportedResource> resources, Map<Integer, Usage> usages, long nowNanos) {
    List<Minor> minors = ProcText.minors(resources);
    int largest = minors.isEmpty() ? 0 : minors.getLast().volume().minor();
    int digits = Math.max(2, Integer.toString(largest).length());
    List<List<String>> rows = minors.stream().map(minor -> row(minor, usages, digits)).toList();
    List<Integer> widths = widths(rows);
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < rows.size(); at++) {
      List<String> row = rows.get(at);
      for (int column = 0; column < row.size(); column++) {
        String cell = row.get(column);
        text.append(cell).repeat(' ', widths.get(column) - cell.length());
      }
      text.append('\n');
      VolumeStatus volume = minors.get(at).volume();
      if (ProgressText.isRunning(volume.state().conn()) && volume.progress().isPresent()) {
        text.append(ProgressText.of(volume, nowNanos, false).lines().findFirst().orElse(""))
            .append('\n');
      }
    }
    return text.toString();
  }

  private static List<String> row(Minor minor, Map<Integer, Usage> usages, int digits) {
    VolumeStatus volume = minor.volume();
    StateWord state = volume.state();
    String number = Integer.toString(volume.minor());
    List<String> cells = new ArrayList<>();
    cells.add(
        " ".repeat(digits - number.length())
            + number
            + ":"
            + minor.resource().name()
            + "/"
            + volume.volume());
    cells.add("");
    if (ReportedResource.isUnconfigured(volume)) {
      cells.addAll(List.of("Unconfigured", ".", "."));
    } else {
      cells.add(state.conn().toString());
      cells.add(state.role() + "/" + state.peer());
      cells.add(state.disk() + "/" + state.pdsk());
    }
    Usage usage = usages.get(volume.minor());
    if (usage != null) {
      cells.addAll(usage.cells());
    }
    return cells;
  }

  private static List<Integer> widths(List<List<String>> rows) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    List<Integer> widths = new ArrayList<>();
    for (int column = 0; column < columns; column++) {
      int at = column;
      widths.add(
          BLANKS
              + rows.stream()
                  .filter(row -> row.size() > at)
                  .collect(Collectors.summarizingInt(row -> row.get(at).length()))
                  .getMax());
    }
    return widths;
  }

  /// As `df -h`: powers of 1024, rounded up, one decimal below 10.
  static String human(long bytes) {
    String units = "KMGTPE";
    if (bytes < 1024) {
      return Long.toString(bytes);
    }
    int unit = 0;
    long scale = 1024;
    while (unit < units.length() - 1 && Math.ceilDiv(bytes, scale) >= 1024) {
      unit++;
      scale *= 1024;
    }
    long tenths = Math.ceilDiv(bytes, scale / 1024) * 10;
    tenths = Math.ceilDiv(tenths, 1024);
    String number =
        tenths < 100 ? tenths / 10 + "." + tenths % 10 : Long.toString(Math.ceilDiv(bytes, scale));
    return number + units.charAt(unit);
  }
}
