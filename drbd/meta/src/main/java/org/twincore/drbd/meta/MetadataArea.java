package org.twincore.drbd.meta;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The metadata of one volume on its device: superblock, activity log and bitmap, read and written
/// at the places that a layout gives.
///
/// Nothing is durable before [#force]. One owner at a time.
public final class MetadataArea {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int SECTOR_BYTES = 512;

  private final MetadataStore store;
  private final MetadataLayout layout;

  public MetadataArea(MetadataStore store, MetadataLayout layout) {
    this.store = store;
    this.layout = layout;
  }

  public MetadataLayout layout() {
    return layout;
  }

  public void writeSuperblock(Superblock superblock) throws IOException {
    store.write(layout.superblockOffsetBytes(), superblock.encode());
  }

  /// The activity log's blocks in transaction order.
  public List<ActivityLogBlock> readLog() throws IOException {
    List<ActivityLogBlock> blocks = new ArrayList<>();
    byte[] block = new byte[ActivityLogBlock.SIZE_BYTES];
    for (int r = 0; r < layout.alBlocks(); r++) {
      store.read(layout.alBlockOffsetBytes(r), block);
      blocks.add(ActivityLogBlock.decode(block));
    }
    return blocks;
  }

  /// Fills the ring with initialised blocks.
  public void writeFreshLog() throws IOException {
    byte[] block = ActivityLogBlock.initialised();
    long length = (long) layout.alBlocks() * block.length;
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, length)];
    for (int at = 0; at < chunk.length; at += block.length) {
      System.arraycopy(block, 0, chunk, at, block.length);
    }
    for (long done = 0; done < length; done += chunk.length) {
      int part = (int) Math.min(chunk.length, length - done);
      store.write(layout.alOffsetBytes() + done, Arrays.copyOf(chunk, part));
    }
  }

  /// Clears the whole bitmap area.
  public void writeZeroBitmap() throws IOException {
    store.zero(layout.bitmapOffsetBytes(), layout.bitmapSectors() * SECTOR_BYTES);
  }

  /// Overwrites the superblock with zeroes: nothing is found here any more.
  public void wipeSuperblock() throws IOException {
    store.zero(layout.superblockOffsetBytes(), Superblock.SIZE_BYTES);
  }

  /// The bitmap of a device of `sizeSectors`; no page is dirty.
  public SyncBitmap readBitmap(long sizeSectors) throws IOException {
    SyncBitmap bitmap = new SyncBitmap(sizeSectors);
    byte[] page = new byte[SyncBitmap.PAGE_BYTES];
    byte[] chunk = new byte[0];
    int pagesPerChunk = CHUNK_BYTES / SyncBitmap.PAGE_BYTES;
    for (int number = 0; number < bitmap.pages(); number++) {
      int inChunk = number % pagesPerChunk;
      if (inChunk == 0) {
        chunk = new byte[lengthOfPages(number, Math.min(pagesPerChunk, bitmap.pages() - number))];
        store.read(pageOffsetBytes(number), chunk);
      }
      int from = inChunk * SyncBitmap.PAGE_BYTES;
      int length = Math.min(SyncBitmap.PAGE_BYTES, chunk.length - from);
      System.arraycopy(chunk, from, page, 0, length);
      Arrays.fill(page, length, page.length, (byte) 0);
      bitmap.loadPage(number, page);
    }
    return bitmap;
  }

  /// Writes the pages that changed and counts them clean.
  public void writeDirtyPages(SyncBitmap bitmap) throws IOException {
    for (int page = bitmap.nextDirtyPage(0); page >= 0; page = bitmap.nextDirtyPage(page + 1)) {
      byte[] bytes = bitmap.pageBytes(page);
      store.write(pageOffsetBytes(page), Arrays.copyOf(bytes, lengthOfPages(page, 1)));
      bitmap.markClean(page);
    }
  }

  private long pageOffsetBytes(int page) {
    return layout.bitmapOffsetBytes() + (long) page * SyncBitmap.PAGE_BYTES;
  }

  /// Bytes of pages from `first` on; the last page of an external device may be cut short.
  private int lengthOfPages(int first, int count) {
    long rest = layout.bitmapSectors() * SECTOR_BYTES - (long) first * SyncBitmap.PAGE_BYTES;
    return (int) Math.min((long) count * SyncBitmap.PAGE_BYTES, rest);
  }

  public void force() throws IOException {
    store.force();
  }
}
