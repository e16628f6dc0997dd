package org.twincore.daemon.resource;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.meta.GrownDisk;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.host.disk.DiskAccess;
import org.twincore.host.disk.DiskHeldException;
import org.twincore.host.disk.DiskLock;
import org.twincore.host.disk.FileDisk;
import org.twincore.host.disk.KnownDisks;
import org.twincore.host.disk.MetadataFile;

/// A disk on its way to being attached: locked, opened, its metadata read and repaired.
final class BackingDisk {
  private static final Logger LOG = System.getLogger("org.twincore.disk");

  private final FileDisk disk;
  private final MetadataImage image;
  private final CountDownLatch released;

  private BackingDisk(FileDisk disk, MetadataImage image, CountDownLatch released) {
    this.disk = disk;
    this.image = image;
    this.released = released;
  }

  FileDisk disk() {
    return disk;
  }

  MetadataImage image() {
    return image;
  }

  /// Open until the disk is closed and its locks are given back.
  CountDownLatch released() {
    return released;
  }

  /// Notes that its metadata stands where a disk of that size ends.
  void remember(Wanted wanted, KnownDisks known, long sizeBytes) {
    remember(wanted, known, sizeBytes, image.superblock().deviceUuid());
  }

  /// Where a volume's bytes are to be: `index` is `internal`, `flexible` or a number.
  record Wanted(String name, int volume, int minor, String data, String metadata, String index) {
    MetadataLayout.Kind kind() throws RefusedException {
      if (index.equals("internal")) {
        return new MetadataLayout.Kind.Internal();
      }
      if (index.equals("flexible")) {
        return new MetadataLayout.Kind.FlexExternal();
      }
      if (index.matches("[0-9]{1,4}")) {
        return new MetadataLayout.Kind.Indexed(Integer.parseInt(index));
      }
      throw new RefusedException(
          RefusedException.META_INDEX_INVALID, "'" + index + "' is no metadata index");
    }

    Path dataPath() {
      return Path.of(data);
    }

    Path metadataPath() {
      return index.equals("internal") ? dataPath() : Path.of(metadata);
    }
  }

  /// Locks, reads and opens; nothing stays locked after a refusal. Answers of the disk go to
  /// `sink`.
  static BackingDisk open(Wanted wanted, DiskAccess access, KnownDisks known, EventSink sink)
      throws RefusedException {
    MetadataLayout.Kind kind = wanted.kind();
    DiskLock data = lock(() -> DiskLock.whole(wanted.dataPath()), Failing.DATA);
    DiskLock metadata;
    try {
      metadata =
          switch (kind) {
            case MetadataLayout.Kind.Internal _ -> data;
            case MetadataLayout.Kind.FlexExternal _ ->
                lock(() -> DiskLock.whole(wanted.metadataPath()), Failing.METADATA);
            case MetadataLayout.Kind.Indexed(int index) ->
                lock(() -> DiskLock.slot(wanted.metadataPath(), index), Failing.METADATA);
          };
    } catch (RefusedException refused) {
      data.close();
      throw refused;
    }
    try {
      CountDownLatch released = new CountDownLatch(1);
      MetadataImage image = read(wanted, kind, known);
      FileDisk disk =
          FileDisk.open(
              new FileDisk.Place(
                  wanted.name, wanted.volume, wanted.dataPath(), wanted.metadataPath(), access),
              Optional.of(data),
              sink,
              () -> {
                metadata.close();
                data.close();
                released.countDown();
              });
      return new BackingDisk(disk, image, released);
    } catch (IOException failed) {
      metadata.close();
      data.close();
      throw new RefusedException(
          RefusedException.CANNOT_OPEN_DISK, String.valueOf(failed.getMessage()));
    } catch (RefusedException refused) {
      metadata.close();
      data.close();
      throw refused;
    }
  }

  private static MetadataImage read(Wanted wanted, MetadataLayout.Kind kind, KnownDisks known)
      throws RefusedException {
    try (MetadataFile metadata = MetadataFile.open(wanted.metadataPath());
        MetadataFile data = MetadataFile.open(wanted.dataPath())) {
      if (GrownDisk.follow(kind, metadata, known.of(wanted.minor))) {
        LOG.log(
            Level.INFO,
            "disk={0} has grown to {1} bytes: its metadata was moved to the end",
            wanted.data,
            Long.toString(data.sizeBytes()));
      }
      MetadataImage image = new MetadataReader(kind, data.sizeBytes(), metadata).readForAttach();
      remember(wanted, known, data.sizeBytes(), image.superblock().deviceUuid());
      return image;
    } catch (MetadataException bad) {
      throw new RefusedException(bad.errorNumber(), String.valueOf(bad.getMessage()));
    } catch (IOException failed) {
      throw new RefusedException(RefusedException.METADATA_IO, "metadata: " + failed.getMessage());
    }
  }

  /// For the case that the disk grows while it is not in use.
  private static void remember(Wanted wanted, KnownDisks known, long sizeBytes, long deviceUuid) {
    if (!wanted.index.equals("internal")) {
      return;
    }
    try {
      known.remember(wanted.minor, wanted.dataPath(), new GrownDisk.Known(sizeBytes, deviceUuid));
    } catch (IOException failed) {
      LOG.log(
          Level.WARNING,
          "disk={0} its size could not be noted: {1}",
          wanted.data,
          String.valueOf(failed.getMessage()));
    }
  }

  private interface Locking {
    DiskLock lock() throws IOException;
  }

  private enum Failing {
    DATA(RefusedException.CANNOT_OPEN_DISK, RefusedException.DISK_CLAIMED),
    METADATA(RefusedException.CANNOT_OPEN_META_DISK, RefusedException.META_DISK_CLAIMED);

    private final int cannotOpen;
    private final int claimed;

    Failing(int cannotOpen, int claimed) {
      this.cannotOpen = cannotOpen;
      this.claimed = claimed;
    }
  }

  private static DiskLock lock(Locking locking, Failing failing) throws RefusedException {
    try {
      return locking.lock();
    } catch (DiskHeldException held) {
      throw new RefusedException(failing.claimed, String.valueOf(held.getMessage()));
    } catch (IOException failed) {
      throw new RefusedException(failing.cannotOpen, String.valueOf(failed.getMessage()));
    }
  }
}
