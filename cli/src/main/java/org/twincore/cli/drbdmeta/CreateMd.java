package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.meta.LegacyMetadata;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import org.twincore.drbd.meta.MetadataSighting;
import org.twincore.drbd.meta.MetadataSighting.Format;
import org.twincore.drbd.meta.Superblock;

/// create-md: new metadata, but not over old metadata or over somebody's data unless told so.
final class CreateMd {
  private static final int PEER_MAX_BIO_BYTES_MAX = 1 << 20;
  private static final long SECTOR_BYTES = 512;
  private static final long KIB = 1024;

  private final Session session;
  private final Dialogue dialogue;
  private final MetadataLayout layout;

  private CreateMd(Session session, MetadataLayout layout) {
    this.session = session;
    this.dialogue = session.dialogue();
    this.layout = layout;
  }

  static int run(Session session) throws IOException, ToolFailure {
    long bio = session.option(Invocation.PEER_MAX_BIO_SIZE).orElse(0);
    if (bio < 0 || bio > PEER_MAX_BIO_BYTES_MAX) {
      throw new ToolFailure(ToolFailure.BAD_VALUE, "peer-max-bio-size out of range (0...1M)");
    }
    AlStripes stripes = AlStripes.of(session);
    MetadataLayout layout = session.freshLayout(stripes.stripes(), stripes.stripeSize4k());
    return new CreateMd(session, layout).create((int) bio);
  }

  private int create(int peerMaxBioBytes) throws IOException, ToolFailure {
    List<MetadataSighting> old =
        new ArrayList<>(MetadataSighting.all(session.invocation().kind(), session.store()));
    Superblock superblock = Superblock.fresh(layout, 0).withPeerMaxBioBytes(peerMaxBioBytes);
    for (MetadataSighting sighting : old) {
      describe(sighting);
      if (sighting.format() == Format.V07
          && dialogue.confirms("Valid v07 meta-data found, convert to v08?")) {
        dialogue.out().println("Converting meta data...");
        superblock =
            LegacyMetadata.read(session.store(), sighting)
                .converted(layout)
                .withPeerMaxBioBytes(peerMaxBioBytes);
      } else if (!dialogue.confirms(overwriteQuestion(sighting))) {
        dialogue.out().println("Operation cancelled.");
        return ToolFailure.FAILED;
      }
    }
    if (!mayOverwriteData(!old.isEmpty())) {
      dialogue.out().println("Operation canceled.");
      return ToolFailure.FAILED;
    }
    write(superblock, old);
    ResizeCommands.remember(session);
    return 0;
  }

  private void describe(MetadataSighting sighting) {
    if (session.invocation().kind() instanceof Kind.Internal) {
      PrintStream err = dialogue.err();
      err.println("You want me to create a v08 style flexible-size internal meta data block.");
      err.println(
          "There appears to be a %s %s internal meta data block"
              .formatted(
                  sighting.format(), sighting.isFixedSize() ? "fixed-size" : "flexible-size"));
      err.println(
          "already in place on %s at byte offset %d"
              .formatted(session.invocation().device(), sighting.offsetBytes()));
    }
  }

  private static String overwriteQuestion(MetadataSighting sighting) {
    return switch (sighting.format()) {
      case V08 -> "Do you really want to overwrite the existing meta-data?";
      case V09 ->
          "This is the metadata of DRBD 9, which only DRBD 9's own tool converts.\n"
              + "Replace the v09 meta-data with new v08 meta-data?";
      case V06, V07 ->
          "Replace the %s meta-data with new v08 meta-data?".formatted(sighting.format());
    };
  }

  /// Looks at what the metadata would cover, or cut off.
  private boolean mayOverwriteData(boolean isReplacement) throws IOException, ToolFailure {
    boolean isInternal = session.invocation().kind() instanceof Kind.Internal;
    if (!isInternal && isReplacement) {
      return true;
    }
    Optional<FoundData> data =
        FoundData.at(session.store(), isInternal ? 0 : layout.superblockOffsetBytes());
    if (data.isEmpty()) {
      return true;
    }
    PrintStream out = dialogue.out();
    out.println("md_offset " + layout.superblockOffsetBytes());
    out.println("al_offset " + layout.alOffsetBytes());
    out.println("bm_offset " + layout.bitmapOffsetBytes());
    out.println();
    out.println("Found " + data.get().name());
    long usableKib = layout.usableSectors() * SECTOR_BYTES / KIB;
    if (isInternal) {
      data.get()
          .usedBytes()
          .ifPresent(
              used -> out.println("%12d kB data area apparently used".formatted(used / KIB)));
      out.println("%12d kB left usable by current configuration".formatted(usableKib));
    }
    out.println();
    if (data.get().mayBeOverwritten(isInternal ? usableKib * KIB : 0)) {
      out.println("Whether the new meta data lands on something that is in use cannot be told");
      out.println("for certain: please confirm.");
      return dialogue.confirms("Do you want to proceed?");
    }
    if (session.invocation().flags().ignoreSanityChecks()) {
      out.println("Going on, as --ignore-sanity-checks says.");
      return true;
    }
    refuse(out);
    throw new ToolFailure(ToolFailure.WOULD_DESTROY, "");
  }

  private static void refuse(PrintStream out) {
    out.println("The meta data would take space that this data uses, and destroy it.");
    out.println("What helps:");
    out.println("   * meta data on another device (meta-disk or flexible-meta-disk)");
    out.println("   * a smaller file system, if it is one that shrinks");
    out.println("   * zeroes over the beginning of the device, if nobody needs the data");
    out.println("Operation refused.");
    out.println();
  }

  /// The superblock last: until it stands there, the old one or none does.
  private void write(Superblock superblock, List<MetadataSighting> old) throws IOException {
    MetadataArea area = session.area(layout);
    dialogue.out().println("initializing activity log");
    area.writeFreshLog();
    dialogue
        .err()
        .println(
            "initializing bitmap (%d KB) to all zero"
                .formatted(layout.bitmapSectors() * SECTOR_BYTES / KIB));
    area.writeZeroBitmap();
    area.force();
    dialogue.out().println("Writing meta data...");
    area.writeSuperblock(superblock);
    for (MetadataSighting sighting : old) {
      if (sighting.offsetBytes() != layout.superblockOffsetBytes()) {
        session.store().zero(sighting.offsetBytes(), Superblock.SIZE_BYTES);
      }
    }
    area.force();
    dialogue.out().println("New drbd meta data block successfully created.");
  }
}
