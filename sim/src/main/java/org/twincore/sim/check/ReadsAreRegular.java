package org.twincore.sim.check;

import org.twincore.drbd.Extent;

/// A read returns for each sector the last write answered before it began, or one that was under
/// way meanwhile; never anything else.
public final class ReadsAreRegular {
  private final ClusterView view;
  private long sectors;

  public ReadsAreRegular(ClusterView view) {
    this.view = view;
  }

  /// Sectors read and found right.
  public long sectors() {
    return sectors;
  }

  /// A read issued at `sinceMoment` of the volume's history was answered by `node` with `bytes`.
  public void answered(int node, int volume, Extent extent, byte[] bytes, long sinceMoment) {
    VolumeHistory history = view.history(volume);
    for (int i = 0; i < extent.sizeSectors(); i++) {
      long sector = extent.sector() + i;
      long content = Content.writeOf(bytes, i * Content.SECTOR_BYTES, sector);
      sectors++;
      if (!history.mayRead(sector, content, sinceMoment)) {
        throw new Violation(
            "ReadsAreRegular",
            "%s/%d sector %d read %d at moment %d, allowed %s; core-01 has %d, core-02 %d"
                .formatted(
                    view.node(node).name(),
                    volume,
                    sector,
                    content,
                    sinceMoment,
                    history.describe(sector),
                    view.onDrive(0, volume, sector),
                    view.onDrive(1, volume, sector)));
      }
    }
  }
}
