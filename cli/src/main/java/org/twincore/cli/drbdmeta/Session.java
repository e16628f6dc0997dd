package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.util.Objects;
import java.util.OptionalLong;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.drbd.meta.MetadataStore;
import org.twincore.drbd.meta.Superblock;

/// One run of one command: what was asked, the streams, the disk.
record Session(Invocation invocation, Dialogue dialogue, MetadataStore store) {
  /// The tool is told nothing of the data disk behind external metadata.
  private static final long BACKING_UNKNOWN_BYTES = 1L << 62;

  private static final long KIB = 1024;
  private static final int SECTORS_PER_KIB = 2;

  /// The metadata on the disk; without it the command has failed.
  MetadataReader.Found found() throws IOException, ToolFailure {
    try {
      return reader().find();
    } catch (MetadataException none) {
      if (invocation.flags().verbose()) {
        dialogue.err().println("v08 Magic number not found");
      }
      dialogue.err().println("No valid meta data found");
      String reason = Objects.requireNonNullElse(none.getMessage(), "");
      throw new ToolFailure(ToolFailure.FAILED, reason.replaceFirst("^No valid [^:]*: ", ""));
    }
  }

  /// Whether there is metadata that [#found] would return.
  boolean hasMetadata() throws IOException {
    try {
      return reader().find().layout() != null;
    } catch (MetadataException none) {
      return false;
    }
  }

  MetadataReader reader() throws IOException {
    boolean isInternal = invocation.kind() instanceof Kind.Internal;
    return new MetadataReader(invocation.kind(), isInternal ? store.sizeBytes() : 0, store);
  }

  /// The layout of new metadata on this disk.
  MetadataLayout freshLayout(int stripes, int stripeSize4k) throws IOException, ToolFailure {
    long size = store.sizeBytes();
    boolean isInternal = invocation.kind() instanceof Kind.Internal;
    try {
      return MetadataLayout.of(
          invocation.kind(),
          isInternal ? size : BACKING_UNKNOWN_BYTES,
          size,
          stripes,
          stripeSize4k);
    } catch (MetadataException tooSmall) {
      throw new ToolFailure(
          ToolFailure.BAD_VALUE,
          "%s is only %d bytes. That's not enough: %s."
              .formatted(invocation.device(), size, tooSmall.getMessage()));
    }
  }

  MetadataArea area(MetadataLayout layout) {
    return new MetadataArea(store, layout);
  }

  /// Puts another superblock in the place of the one that was found; durable on return.
  void replace(MetadataReader.Found found, Superblock superblock) throws IOException {
    MetadataArea area = area(found.layout());
    area.writeSuperblock(superblock);
    area.force();
  }

  /// An option's whole number, with k, M or G behind it if wanted.
  OptionalLong option(String name) throws ToolFailure {
    String text = invocation.values().get(name);
    if (text == null) {
      return OptionalLong.empty();
    }
    try {
      int last = text.length() - 1;
      long unit =
          switch (last < 0 ? ' ' : text.charAt(last)) {
            case 'k', 'K' -> KIB;
            case 'm', 'M' -> KIB * KIB;
            case 'g', 'G' -> KIB * KIB * KIB;
            default -> 1;
          };
      long number = Long.parseLong(unit == 1 ? text : text.substring(0, last));
      return OptionalLong.of(Math.multiplyExact(number, unit));
    } catch (ArithmeticException | NumberFormatException wrong) {
      throw new ToolFailure(ToolFailure.USAGE, text + " is not a valid number");
    }
  }

  /// A size as drbdmeta shows it: at most four digits of KB, MB, GB...
  static String shownSectors(long sectors) {
    long value = sectors / SECTORS_PER_KIB;
    int unit = 0;
    while (value >= 10_000 && unit < 5) {
      value = (value >> 10) + (value >> 9 & 1);
      unit++;
    }
    return value + " " + "KMGTPE".charAt(unit) + "B";
  }
}
