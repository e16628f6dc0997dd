package org.twincore.daemon.undo;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.twincore.admin.JsonText;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.drbd.meta.undo.UndoHeader;

/// The undo files of a resource, for people and for programs.
public final class UndoList {
  private static final int BLOCK_KIB = 4;

  private UndoList() {}

  public static String text(String resource, List<UndoFolder.Found> files) {
    if (files.isEmpty()) {
      return resource + " has no undo files\n";
    }
    StringBuilder text = new StringBuilder();
    for (UndoFolder.Found each : files) {
      UndoHeader header = each.contents().header();
      text.append(
          "%s/%d lost a split brain against %s at %s (%s)%n"
              .formatted(
                  header.resource(),
                  header.volume(),
                  header.peerNode(),
                  Instant.ofEpochMilli(header.createdMillis()),
                  header.reason()));
      text.append(
          "  saved %d blocks (%d KiB), %s%n"
              .formatted(
                  each.contents().blocks(),
                  each.contents().blocks() * BLOCK_KIB,
                  state(each.contents())));
      text.append("  file %s, %d bytes%n".formatted(each.path(), each.contents().soundBytes()));
    }
    return text.toString();
  }

  /// What an image of it can be relied upon for.
  public static String state(UndoContents contents) {
    if (contents.damagedAt().isPresent()) {
      return "DAMAGED at byte %d: what stood behind it is not known"
          .formatted(contents.damagedAt().getAsLong());
    }
    String when = contents.endedMillis().stream().mapToObj(UndoList::time).findFirst().orElse("");
    return switch (contents.end()) {
      case OPEN -> "open: the resync goes on";
      case COMPLETE -> "complete at " + when + "; blocks first written after that are not saved";
      case STOPPED ->
          "INCOMPLETE: stopped at " + when + "; what the resync overwrote after that is lost";
    };
  }

  /// In UTC.
  public static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  public static String json(String resource, List<UndoFolder.Found> files) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", resource);
    all.put("undo-files", files.stream().map(UndoList::object).toList());
    return JsonText.write(all) + "\n";
  }

  private static Map<String, Object> object(UndoFolder.Found found) {
    UndoContents contents = found.contents();
    UndoHeader header = contents.header();
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("volume", (long) header.volume());
    one.put("created-ms", header.createdMillis());
    one.put("created", time(header.createdMillis()));
    one.put("peer", header.peerNode());
    one.put("reason", header.reason());
    one.put(
        "state",
        contents.damagedAt().isPresent()
            ? "damaged"
            : switch (contents.end()) {
              case OPEN -> "open";
              case COMPLETE -> "complete";
              case STOPPED -> "stopped";
            });
    contents.endedMillis().ifPresent(millis -> one.put("ended-ms", millis));
    one.put("blocks", contents.blocks());
    one.put("bytes", contents.blocks() * BLOCK_KIB * 1024);
    one.put("device-sectors", header.sizeSectors());
    one.put("uuids", header.own().toString());
    one.put("peer-uuids", header.peer().toString());
    one.put("file", found.path().toString());
    one.put("file-bytes", contents.soundBytes());
    return one;
  }
}
