package org.twincore.drbd.meta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.meta.MetadataLayout.Kind;

/// Metadata of any format that stands somewhere on a device: what create-md looks for before it
/// overwrites anything.
///
/// Only magic numbers are looked at (drbd-metadata sections 2 and 8): v08 and v09 have theirs at
/// byte 60, v07 at byte 28.
public record MetadataSighting(Format format, boolean isFixedSize, long offsetBytes) {
  private static final int MAGIC_OFFSET = 60;
  private static final int MAGIC_OFFSET_V07 = 28;
  private static final int MAGIC_V06 = 0x83740269;
  private static final int MAGIC_V07 = 0x8374026a;
  private static final int MAGIC_V08_CLEAN = 0x8374026b;
  private static final int MAGIC_V08_UNCLEAN = 0x8374026c;
  private static final int MAGIC_V09 = 0x8374026d;
  private static final int BLOCK_BYTES = 4096;
  private static final long FIXED_SIZE_BYTES = 128L << 20;

  /// The formats that DRBD has had on disk.
  public enum Format {
    V06,
    V07,
    V08,
    V09;

    /// As drbdmeta writes it.
    @Override
    public String toString() {
      return "v0" + (6 + ordinal());
    }
  }

  /// All metadata at the places where metadata of this kind could be: for internal ones also the
  /// fixed-size place of DRBD 0.7, 128 MiB before the end.
  public static List<MetadataSighting> all(Kind kind, MetadataStore store) throws IOException {
    List<MetadataSighting> found = new ArrayList<>();
    long size = store.sizeBytes();
    look(store, MetadataLayout.superblockOffsetBytes(kind, size), false, found);
    if (kind instanceof Kind.Internal) {
      List<MetadataSighting> atFixedPlace = new ArrayList<>();
      look(store, (size & -BLOCK_BYTES) - FIXED_SIZE_BYTES, true, atFixedPlace);
      // Newer formats never stood there; their magic in such a place is data.
      atFixedPlace.removeIf(sighting -> sighting.format.compareTo(Format.V07) > 0);
      found.addAll(atFixedPlace);
    }
    return found;
  }

  private static void look(
      MetadataStore store, long offsetBytes, boolean isFixedSize, List<MetadataSighting> found)
      throws IOException {
    if (offsetBytes < 0 || offsetBytes + BLOCK_BYTES > store.sizeBytes()) {
      return;
    }
    byte[] block = new byte[BLOCK_BYTES];
    store.read(offsetBytes, block);
    ByteBuffer in = ByteBuffer.wrap(block);
    Format format =
        switch (in.getInt(MAGIC_OFFSET)) {
          case MAGIC_V08_CLEAN, MAGIC_V08_UNCLEAN -> Format.V08;
          case MAGIC_V09 -> Format.V09;
          default -> null;
        };
    if (format == null) {
      format =
          switch (in.getInt(MAGIC_OFFSET_V07)) {
            case MAGIC_V07 -> Format.V07;
            case MAGIC_V06 -> Format.V06;
            default -> null;
          };
    }
    if (format != null) {
      found.add(new MetadataSighting(format, isFixedSize, offsetBytes));
    }
  }
}
