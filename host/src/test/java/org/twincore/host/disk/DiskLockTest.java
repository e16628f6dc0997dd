package org.twincore.host.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.drbd.meta.Superblock;

class DiskLockTest {
  @TempDir private Path folder;
  private Path disk;

  @BeforeEach
  void makeDisk() throws IOException {
    disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
  }

  @Test
  void wholeDiskIsTakenOnceUntilItIsClosed() throws Exception {
    try (DiskLock lock = DiskLock.whole(disk)) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> DiskLock.whole(disk))
          .isInstanceOfSatisfying(
              DiskHeldException.class,
              held -> assertThat(held.holder()).isEqualTo(DiskHeldException.Holder.NODE));
      assertThatThrownBy(() -> DiskLock.slot(disk, 3)).isInstanceOf(DiskHeldException.class);
    }
    DiskLock.whole(disk).close();
  }

  @Test
  void openingAndClosingTheDiskElsewhereInTheProcessKeepsTheLock() throws Exception {
    try (DiskLock lock = DiskLock.whole(disk)) {
      assertThat(lock).isNotNull();
      MetadataFile.open(disk).close();
      assertThat(Files.readAllBytes(disk)).hasSize(1 << 20);
      assertThatThrownBy(() -> DiskLock.whole(disk)).isInstanceOf(DiskHeldException.class);
    }
  }

  @Test
  void slotsOfOneDeviceAreTakenSeparately() throws Exception {
    try (DiskLock first = DiskLock.slot(disk, 0);
        DiskLock second = DiskLock.slot(disk, 1)) {
      assertThat(first).isNotSameAs(second);
      assertThatThrownBy(() -> DiskLock.slot(disk, 1)).isInstanceOf(DiskHeldException.class);
      assertThatThrownBy(() -> DiskLock.whole(disk)).isInstanceOf(DiskHeldException.class);
    }
  }

  @Test
  void metadataWrittenToAFileIsReadBack() throws Exception {
    MetadataLayout.Kind kind = new MetadataLayout.Kind.Internal();
    try (MetadataFile file = MetadataFile.open(disk)) {
      MetadataLayout layout = MetadataLayout.of(kind, file.sizeBytes(), file.sizeBytes());
      MetadataArea area = new MetadataArea(file, layout);
      area.writeFreshLog();
      area.writeZeroBitmap();
      area.writeSuperblock(Superblock.fresh(layout, 5));
      area.force();
    }
    try (MetadataFile file = MetadataFile.open(disk)) {
      assertThat(
              new MetadataReader(kind, file.sizeBytes(), file)
                  .readForAttach()
                  .superblock()
                  .deviceUuid())
          .isEqualTo(5);
      assertThatThrownBy(() -> file.read(file.sizeBytes() - 1, new byte[2]))
          .isInstanceOf(IOException.class);
    }
  }
}
