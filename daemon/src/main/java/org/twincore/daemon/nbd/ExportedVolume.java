package org.twincore.daemon.nbd;

import org.twincore.daemon.loop.Replies;
import org.twincore.daemon.loop.ResourceLoop;

/// A volume that can be exported: its resource's name and loop, its number, and what its openers
/// need.
public record ExportedVolume(
    String resource,
    int number,
    ResourceLoop loop,
    PendingAnswers answers,
    Replies replies,
    LocalHoles holes) {

  /// `r0` for volume 0, `r0/1` for volume 1.
  public String exportName() {
    return exportName(resource, number);
  }

  /// The name of any volume's export.
  public static String exportName(String resource, int number) {
    return number == 0 ? resource : resource + "/" + number;
  }
}
