package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.drbd.meta.Superblock;

/// get-gi, show-gi and set-gi: the generation identifiers as `C:B:H0:H1:` and seven flags.
final class GenerationCommands {
  private static final int UUIDS = 4;
  private static final int HEX_DIGITS_MAX = 16;

  /// In the order of the text.
  private static final List<Integer> FLAGS =
      List.of(
          MetadataFlags.CONSISTENT,
          MetadataFlags.WAS_UP_TO_DATE,
          MetadataFlags.PRIMARY_INDICATOR,
          MetadataFlags.CONNECTED_INDICATOR,
          MetadataFlags.FULL_SYNC,
          MetadataFlags.PEER_OUTDATED,
          MetadataFlags.CRASHED_PRIMARY);

  private GenerationCommands() {}

  static int get(Session session) throws IOException, ToolFailure {
    session.dialogue().out().println(text(session.found().superblock()));
    return 0;
  }

  static String text(Superblock superblock) {
    StringBuilder text = new StringBuilder(superblock.uuids().toString());
    for (int flag : FLAGS) {
      text.append(':').append(superblock.has(flag) ? '1' : '0');
    }
    return text.toString();
  }

  static int show(Session session) throws IOException, ToolFailure {
    MetadataReader.Found found = session.found();
    Superblock superblock = found.superblock();
    PrintStream out = session.dialogue().out();
    GenerationLegend.print(out, text(superblock));
    out.println();
    out.println("flags: " + flagWords(superblock));
    out.println("meta-data: " + (found.isClean() ? "clean" : "need apply-al"));
    long sectors = superblock.lastAgreedSectors();
    if (sectors == 0) {
      out.println("zero size device -- never seen peer yet?");
    } else {
      out.println(
          "last agreed size: " + Session.shownSectors(sectors) + " (" + sectors + " sectors)");
      out.println(
          "last agreed max bio size: "
              + Integer.toUnsignedString(superblock.peerMaxBioBytes())
              + " Byte");
    }
    return 0;
  }

  private static String flagWords(Superblock superblock) {
    List<String> words = new ArrayList<>();
    String crashed = superblock.has(MetadataFlags.CRASHED_PRIMARY) ? "crashed " : "";
    boolean isPrimary = superblock.has(MetadataFlags.PRIMARY_INDICATOR);
    words.add(crashed + (isPrimary ? "Primary" : "Secondary"));
    words.add(superblock.has(MetadataFlags.CONNECTED_INDICATOR) ? "Connected" : "StandAlone");
    if (!superblock.has(MetadataFlags.CONSISTENT)) {
      words.add("Inconsistent");
    } else {
      words.add(superblock.has(MetadataFlags.WAS_UP_TO_DATE) ? "UpToDate" : "Outdated");
    }
    if (superblock.has(MetadataFlags.FULL_SYNC)) {
      words.add("need full sync");
    }
    if (superblock.has(MetadataFlags.PEER_OUTDATED)) {
      words.add("peer Outdated");
    }
    return String.join(", ", words);
  }

  /// Fields that are empty or missing keep what they are.
  static int set(Session session) throws IOException, ToolFailure {
    if (session.invocation().arguments().isEmpty()) {
      throw new ToolFailure(ToolFailure.BAD_VALUE, "Required Argument missing");
    }
    MetadataReader.Found found = session.found();
    Superblock before = found.superblock();
    Superblock after = changed(before, session.invocation().arguments().getFirst().split(":"));
    PrintStream out = session.dialogue().out();
    out.println("previously " + text(before));
    out.println("set GI to  " + text(after));
    if (session.dialogue().confirms("Write new GI to disk?")) {
      session.replace(found, after);
    } else {
      out.println("Operation canceled.");
    }
    return 0;
  }

  private static Superblock changed(Superblock before, String[] fields) throws ToolFailure {
    GenerationUuids old = before.uuids();
    GenerationUuids uuids =
        new GenerationUuids(
            uuid(fields, 0, old.current()),
            uuid(fields, 1, old.bitmap()),
            uuid(fields, 2, old.history0()),
            uuid(fields, 3, old.history1()));
    int flags = before.flags();
    for (int i = 0; i < FLAGS.size() && UUIDS + i < fields.length; i++) {
      switch (fields[UUIDS + i]) {
        case "" -> {}
        case "0" -> flags &= ~FLAGS.get(i);
        case "1" -> flags |= FLAGS.get(i);
        default ->
            throw new ToolFailure(
                ToolFailure.BAD_VALUE, "'" + fields[UUIDS + i] + "' is not 0 or 1.");
      }
    }
    return before.withUuids(uuids).withFlags(flags);
  }

  private static long uuid(String[] fields, int index, long old) throws ToolFailure {
    if (index >= fields.length || fields[index].isEmpty()) {
      return old;
    }
    return hex(fields[index]);
  }

  /// Up to 16 hex digits, with or without 0x.
  static long hex(String field) throws ToolFailure {
    String digits = field.startsWith("0x") ? field.substring(2) : field;
    try {
      if (digits.length() <= HEX_DIGITS_MAX && !digits.startsWith("+")) {
        return Long.parseUnsignedLong(digits, 16);
      }
    } catch (NumberFormatException notHex) {
      // said below
    }
    throw new ToolFailure(ToolFailure.BAD_VALUE, "'" + field + "' is not a number.");
  }
}
