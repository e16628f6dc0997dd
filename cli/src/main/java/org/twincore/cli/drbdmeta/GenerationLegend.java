package org.twincore.cli.drbdmeta;

import java.io.PrintStream;
import java.util.List;

/// The drawing of `show-gi`: the line of generation identifiers with the name of each.
public final class GenerationLegend {
  private static final List<String> FLAG_NAMES =
      List.of(
          "data is consistent",
          "data is or was up to date",
          "node is or was primary",
          "node is or was connected",
          "node was setting all bits of its bitmap",
          "peer's disk was outdated or inconsistent",
          "node was primary, crashed, and met no peer since");

  private static final int FIRST_FLAG_COLUMN = 68;

  private GenerationLegend() {}

  /// Prints the line, which is four identifiers and seven flags with colons between.
  public static void print(PrintStream out, String line) {
    drawAbove(out);
    out.println(line);
    drawBelow(out);
  }

  /// A line from each identifier up to its name.
  private static void drawAbove(PrintStream out) {
    out.println();
    out.println("       +--<  current: the generation of the data  >-");
    out.println("       |               +--<  bitmap: what its bits are counted from  >-");
    out.println("       |               |                 +--<  history, newest  >-");
    out.println("       |               |                 |         +-<  history, oldest  >-");
    out.println("       V               V                 V         V");
  }

  /// A line from each flag down to its name.
  private static void drawBelow(PrintStream out) {
    int flags = FLAG_NAMES.size();
    out.println(" ".repeat(FIRST_FLAG_COLUMN) + "^ ".repeat(flags).strip());
    for (int i = 0; i < flags; i++) {
      String name = "-<  " + FLAG_NAMES.get(i) + "  >--+";
      int indent = FIRST_FLAG_COLUMN + 2 * i + 1 - name.length();
      out.println(" ".repeat(indent) + name + " |".repeat(flags - 1 - i));
    }
  }
}
