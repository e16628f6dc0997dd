package org.twincore.sim.world;

import java.io.IOException;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.twincore.drbd.meta.ActivityLogReplay;
import org.twincore.drbd.meta.GrownDisk;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.drbd.meta.MetadataStore;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;

/// The metadata of a simulated drive, as the offline tools and a checker see it.
///
/// Works on the drive at once, without delays: no process has it open meanwhile.
public final class DriveMetadata {
  private static final long SECTORS_PER_EXTENT = 8192;

  private final SimDrive drive;
  private final MetadataStore store;

  public DriveMetadata(SimDrive drive) {
    this.drive = drive;
    this.store = new Store(drive);
  }

  private record Store(SimDrive drive) implements MetadataStore {
    @Override
    public void read(long offsetBytes, byte[] into) {
      byte[] bytes = drive.metadata().read(offsetBytes, into.length);
      System.arraycopy(bytes, 0, into, 0, into.length);
    }

    @Override
    public void write(long offsetBytes, byte[] from) {
      drive.metadata().write(offsetBytes, from, 0, from.length, false);
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
      drive.metadata().zero(offsetBytes, lengthBytes);
    }

    @Override
    public void force() {
      drive.data().flush(drive.data().mark());
      drive.metadata().flush(drive.metadata().mark());
    }

    @Override
    public long sizeBytes() {
      return drive.metadata().sizeBytes();
    }
  }

  /// What create-md writes, and remembers.
  public void create(long deviceUuid) {
    create(deviceUuid, fresh -> fresh);
  }

  /// The same with a superblock that says something else.
  public void create(long deviceUuid, UnaryOperator<Superblock> change) {
    MetadataArea area = new MetadataArea(store, drive.layout());
    try {
      area.writeFreshLog();
      area.writeZeroBitmap();
      area.writeSuperblock(change.apply(Superblock.fresh(drive.layout(), deviceUuid)));
      area.force();
      drive.remember(drive.data().sizeBytes(), deviceUuid);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private MetadataReader reader() {
    return new MetadataReader(drive.layout().kind(), drive.data().sizeBytes(), store);
  }

  /// As an attach would find it: at the end, or where the end was when the disk was in use last.
  private MetadataReader.Found found() throws IOException, MetadataException {
    try {
      return reader().find();
    } catch (MetadataException none) {
      MetadataStore before = new Before(store, drive.known().sizeBytes());
      return new MetadataReader(drive.layout().kind(), before.sizeBytes(), before).find();
    }
  }

  /// A drive that has grown, as it was.
  private record Before(MetadataStore whole, long sizeBytes) implements MetadataStore {
    @Override
    public void read(long offsetBytes, byte[] into) throws IOException {
      whole.read(offsetBytes, into);
    }

    @Override
    public void write(long offsetBytes, byte[] from) {
      throw new UnsupportedOperationException("only looked at");
    }

    @Override
    public void force() {}
  }

  /// What an attach hands to the engine: the activity log is applied first.
  public MetadataImage readForAttach() throws MetadataException {
    try {
      GrownDisk.follow(drive.layout().kind(), store, Optional.of(drive.known()));
      MetadataImage image = reader().readForAttach();
      drive.remember(drive.data().sizeBytes(), image.superblock().deviceUuid());
      return image;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The superblock as it stands now.
  public Superblock superblock() throws MetadataException {
    try {
      return found().superblock();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The bits that an attach would find if the node crashed now; changes nothing.
  public SyncBitmap bitsAfterCrash() throws MetadataException {
    try {
      MetadataReader.Found found = found();
      MetadataArea area = new MetadataArea(store, found.layout());
      SyncBitmap bits = area.readBitmap(found.bitmapSizeSectors());
      if (found.superblock().has(MetadataFlags.PRIMARY_INDICATOR)) {
        TreeSet<Long> active = ActivityLogReplay.of(area.readLog()).activeExtents();
        for (long extent : active) {
          bits.setSectors(extent * SECTORS_PER_EXTENT, SECTORS_PER_EXTENT);
        }
      }
      return bits;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
