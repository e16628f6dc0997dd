package org.twincore.cli.drbdmeta;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.twincore.drbd.meta.DumpParser;
import org.twincore.drbd.meta.DumpPrinter;
import org.twincore.drbd.meta.DumpSyntaxException;
import org.twincore.drbd.meta.MetadataArea;
import org.twincore.drbd.meta.MetadataDump;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;

/// dump-md, verify-dump and restore-md.
final class DumpCommands {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss Z", Locale.ROOT).withZone(ZoneOffset.UTC);

  private DumpCommands() {}

  static int dump(Session session) throws IOException, ToolFailure {
    MetadataReader.Found found = session.found();
    if (!found.isClean()) {
      session.dialogue().err().println("Found meta data is \"unclean\", please apply-al first");
      if (!session.invocation().flags().force()) {
        return ToolFailure.FAILED;
      }
    }
    Instant now = Instant.now();
    List<String> heading =
        List.of(
            "DRBD meta data dump",
            DATE.format(now) + " [" + now.getEpochSecond() + "]",
            nodeName() + "> drbdmeta " + String.join(" ", session.invocation().words()));
    Writer out =
        new BufferedWriter(
            new OutputStreamWriter(session.dialogue().out(), StandardCharsets.UTF_8));
    new DumpPrinter(out).print(heading, found, session.reader().readRawBitmap(found));
    out.flush();
    return 0;
  }

  private static String nodeName() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException unknown) {
      return "localhost";
    }
  }

  static int verify(Session session) throws IOException, ToolFailure {
    parse(session);
    session.dialogue().out().println("input file parsed ok");
    return 0;
  }

  static int restore(Session session) throws IOException, ToolFailure {
    MetadataDump dump = parse(session);
    PrintStream err = session.dialogue().err();
    AlStripes stripes = AlStripes.of(session);
    if (stripes.isGiven()) {
      err.println("override activity log striping from commandline");
      dump = dump.withStripes(stripes.stripes(), stripes.stripeSize4k());
    }
    MetadataLayout layout = session.freshLayout(dump.alStripes(), dump.alStripeSize4k());
    if (session.hasMetadata()
        && !session.dialogue().confirms("Valid meta-data in place, overwrite?")) {
      return ToolFailure.FAILED;
    }
    PrintStream out = session.dialogue().out();
    if (dump.lastAgreedSectors() > layout.usableSectors()) {
      out.println(
          "# la-size-sect was too big (%d), truncated (%d)!"
              .formatted(dump.lastAgreedSectors(), layout.usableSectors()));
    }
    err.println("reinitializing");
    write(session.area(layout), dump.superblockFor(layout), dump);
    out.println("Successfully restored meta data");
    return 0;
  }

  /// The superblock last: until it stands there, the old one or none does.
  private static void write(MetadataArea area, Superblock superblock, MetadataDump dump)
      throws IOException {
    SyncBitmap bitmap = dump.bitmapFor(superblock.lastAgreedSectors());
    area.writeFreshLog();
    area.writeZeroBitmap();
    area.writeDirtyPages(bitmap);
    area.force();
    area.writeSuperblock(superblock);
    area.force();
  }

  /// The file that the command names, or standard input.
  private static MetadataDump parse(Session session) throws IOException, ToolFailure {
    List<String> arguments = session.invocation().arguments();
    try (Reader in = open(session, arguments.isEmpty() ? "-" : arguments.getFirst())) {
      return DumpParser.parse(in);
    } catch (DumpSyntaxException wrong) {
      throw new ToolFailure(ToolFailure.BAD_VALUE, wrong.getMessage());
    }
  }

  private static Reader open(Session session, String file) throws IOException, ToolFailure {
    if (file.equals("-")) {
      return new BufferedReader(
          new InputStreamReader(session.dialogue().in(), StandardCharsets.ISO_8859_1));
    }
    try {
      return Files.newBufferedReader(Path.of(file), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException missing) {
      throw new ToolFailure(ToolFailure.USAGE, "open of '" + file + "' failed.");
    }
  }
}
