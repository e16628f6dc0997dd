package org.twincore.drbd.meta;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.meta.MetadataLayout.Kind;

/// Internal metadata of a disk that grew while nobody used it: it stands where the end was, and has
/// to be brought to the new end (drbd-metadata section 5).
///
/// ```
/// new area apart from the old one          new area over a part of the old one
/// 1  activity log and bitmap, durable      1  superblock: all is out of sync, durable
/// 2  superblock, durable                   2  activity log and bitmap, durable
/// 3  the old metadata becomes zeroes       3  superblock as it really is, durable
///                                          4  what is left of the old one becomes zeroes
/// ```
///
/// A crash before 2 on the left leaves the old metadata, whole; one on the right between 1 and 3
/// costs a copy of all blocks. Too much is copied then, never too little.
public final class GrownDisk {
  private final MetadataStore store;
  private final Known known;

  /// What is known of the disk from when it was used last: its size, and the identifier that its
  /// metadata had (0: none).
  public record Known(long sizeBytes, long deviceUuid) {}

  private GrownDisk(MetadataStore store, Known known) {
    this.store = store;
    this.known = known;
  }

  /// Brings the metadata to the end of the disk, if it is found where the end was; durable on
  /// return. Whether it was moved. At the end already stands what belongs there, unless it has
  /// another identifier than the disk was known by and the old place has the right one.
  public static boolean follow(Kind kind, MetadataStore store, Optional<Known> known)
      throws IOException, MetadataException {
    boolean canHaveGrown =
        kind instanceof Kind.Internal
            && known.isPresent()
            && known.get().sizeBytes() < store.sizeBytes();
    return canHaveGrown && new GrownDisk(store, known.orElseThrow()).follow();
  }

  private boolean follow() throws IOException, MetadataException {
    MetadataReader.Found atEnd = find(store);
    boolean isRight =
        atEnd != null
            && (known.deviceUuid == 0 || atEnd.superblock().deviceUuid() == known.deviceUuid);
    MetadataStore before = new Shortened(store, known.sizeBytes);
    MetadataReader.Found old = isRight ? null : find(before);
    boolean isOurs =
        old != null
            && (known.deviceUuid == 0 ? atEnd == null : matches(old.superblock().deviceUuid()));
    if (old == null || !isOurs) {
      return false;
    }
    move(before, old);
    return true;
  }

  private boolean matches(long deviceUuid) {
    return deviceUuid == known.deviceUuid;
  }

  private static MetadataReader.@Nullable Found find(MetadataStore at) throws IOException {
    try {
      return reader(at).find();
    } catch (MetadataException none) {
      return null;
    }
  }

  private static MetadataReader reader(MetadataStore at) throws IOException {
    return new MetadataReader(new Kind.Internal(), at.sizeBytes(), at);
  }

  private void move(MetadataStore before, MetadataReader.Found old)
      throws IOException, MetadataException {
    SyncBitmap bitmap;
    Superblock superblock = old.superblock();
    if (old.isClean()) {
      bitmap = new MetadataArea(before, old.layout()).readBitmap(old.bitmapSizeSectors());
    } else {
      MetadataReader.Applied applied = reader(before).apply(old);
      bitmap = applied.bitmap();
      superblock = applied.superblock();
    }
    MetadataLayout now =
        MetadataLayout.of(
            new Kind.Internal(),
            store.sizeBytes(),
            store.sizeBytes(),
            superblock.alStripes(),
            superblock.alStripeSize4k());
    Superblock moved = superblock.withLayout(now);
    MetadataArea area = new MetadataArea(store, now);
    boolean overlaps =
        now.bitmapOffsetBytes() < old.layout().superblockOffsetBytes() + Superblock.SIZE_BYTES;
    if (overlaps) {
      area.writeSuperblock(moved.withFlags(moved.flags() | MetadataFlags.FULL_SYNC));
      area.force();
    }
    area.writeFreshLog();
    area.writeZeroBitmap();
    bitmap.markAllDirty();
    area.writeDirtyPages(bitmap);
    area.force();
    area.writeSuperblock(moved);
    area.force();
    wipe(old.layout(), now);
  }

  /// What the old metadata leaves behind in the data area reads as zeroes, as the rest of what is
  /// new there mostly does; and no old superblock is found when the disk grows once more.
  private void wipe(MetadataLayout old, MetadataLayout now) throws IOException {
    long from = old.bitmapOffsetBytes();
    long oldEnd = old.superblockOffsetBytes() + Superblock.SIZE_BYTES;
    long to = Math.min(oldEnd, now.bitmapOffsetBytes());
    if (from < to) {
      store.zero(from, to - from);
      store.force();
    }
  }

  /// The disk as it was.
  private record Shortened(MetadataStore whole, long sizeBytes) implements MetadataStore {
    @Override
    public void read(long offsetBytes, byte[] into) throws IOException {
      whole.read(offsetBytes, into);
    }

    @Override
    public void write(long offsetBytes, byte[] from) throws IOException {
      whole.write(offsetBytes, from);
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) throws IOException {
      whole.zero(offsetBytes, lengthBytes);
    }

    @Override
    public void force() throws IOException {
      whole.force();
    }
  }
}
