package org.twincore.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;
import org.twincore.host.disk.MetadataFile;

/// A file with noise for data and fresh internal metadata at its end.
final class TestDisk {
  private TestDisk() {}

  static Path make(Path disk, int sizeBytes) throws IOException, MetadataException {
    return make(disk, sizeBytes, 0);
  }

  /// With these flags besides.
  static Path make(Path disk, int sizeBytes, int flags) throws IOException, MetadataException {
    byte[] noise = new byte[sizeBytes];
    new Random(disk.hashCode()).nextBytes(noise);
    Files.write(disk, noise);
    MetadataLayout layout =
        MetadataLayout.of(new MetadataLayout.Kind.Internal(), sizeBytes, sizeBytes);
    try (MetadataFile file = MetadataFile.open(disk)) {
      MetadataArea area = new MetadataArea(file, layout);
      area.writeFreshLog();
      area.writeZeroBitmap();
      Superblock fresh = Superblock.fresh(layout, 1);
      area.writeSuperblock(fresh.withFlags(fresh.flags() | flags));
    }
    return disk;
  }
}
