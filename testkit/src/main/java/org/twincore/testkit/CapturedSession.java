package org.twincore.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What two kernel nodes A and B said to each other over their TCP connections, in the order and
/// the pieces in which it was seen.
///
/// Read from a folder with `events.jsonl`, one event a line, and `connN.A2B.bin` and
/// `connN.B2A.bin` with the bytes of connection N. The four of DRBD 8.4 are in the test resources
/// of `drbd/wire`.
public record CapturedSession(String name, List<Event> events) {
  /// The sessions of DRBD 8.4 that [#ofDrbd] knows.
  public static final List<String> DRBD_SESSIONS =
      List.of(
          "s1-initial-sync",
          "s2-resync-after-apart",
          "s3-auth-integrity-verify-csums",
          "s4-protoB-dualprimary-splitbrain");

  /// Who sent.
  public enum Direction {
    A2B,
    B2A
  }

  /// One thing that was seen; seconds count from the start of the session.
  public sealed interface Event {
    double seconds();
  }

  /// `from` (A or B) dialled the other.
  public record Opened(double seconds, int connection, String from) implements Event {}

  /// Bytes that arrived in one piece.
  public record Chunk(double seconds, int connection, Direction direction, byte[] bytes)
      implements Event {}

  /// That direction ended; orderly or with an error.
  public record Ended(double seconds, int connection, Direction direction, Optional<String> error)
      implements Event {}

  /// What the operator did.
  public record Note(double seconds, String text) implements Event {}

  /// The bytes of one direction of one connection.
  public record Stream(int connection, Direction direction) {}

  private static final Pattern FIELD =
      Pattern.compile("\"(\\w+)\": (?:\"((?:[^\"\\\\]|\\\\.)*)\"|([-0-9.e]+))");

  /// A captured session of DRBD 8.4 by its folder's name; works in every module of the build.
  public static CapturedSession ofDrbd(String name) throws IOException {
    Path root = Path.of(System.getProperty("twincore.root", ""));
    return read(root.resolve("drbd/wire/src/test/resources/captures").resolve(name));
  }

  /// The session in that folder.
  public static CapturedSession read(Path folder) throws IOException {
    Map<Stream, byte[]> bytes = new LinkedHashMap<>();
    List<Event> events = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("events.jsonl"))) {
      events.add(event(folder, fields(line), bytes));
    }
    return new CapturedSession(folder.getFileName().toString(), List.copyOf(events));
  }

  private static Map<String, String> fields(String line) {
    Map<String, String> fields = new LinkedHashMap<>();
    Matcher matcher = FIELD.matcher(line);
    while (matcher.find()) {
      String text = matcher.group(2) == null ? matcher.group(3) : matcher.group(2);
      fields.put(matcher.group(1), text.replace("\\\"", "\""));
    }
    return fields;
  }

  private static Event event(Path folder, Map<String, String> fields, Map<Stream, byte[]> bytes)
      throws IOException {
    double seconds = Double.parseDouble(field(fields, "t"));
    String kind = field(fields, "ev");
    if (kind.equals("note")) {
      return new Note(seconds, field(fields, "text"));
    }
    int connection = Integer.parseInt(field(fields, "conn"));
    if (kind.equals("open")) {
      return new Opened(seconds, connection, field(fields, "frm"));
    }
    Direction direction = Direction.valueOf(field(fields, "dir"));
    if (!kind.equals("data")) {
      return new Ended(seconds, connection, direction, Optional.ofNullable(fields.get("err")));
    }
    Stream stream = new Stream(connection, direction);
    byte[] all = bytes.get(stream);
    if (all == null) {
      all = Files.readAllBytes(folder.resolve("conn" + connection + "." + direction + ".bin"));
      bytes.put(stream, all);
    }
    int offset = Integer.parseInt(field(fields, "off"));
    int length = Integer.parseInt(field(fields, "len"));
    byte[] chunk = Arrays.copyOfRange(all, offset, offset + length);
    return new Chunk(seconds, connection, direction, chunk);
  }

  private static String field(Map<String, String> fields, String key) {
    String value = fields.get(key);
    if (value == null) {
      throw new IllegalArgumentException("expected a field " + key + ", found " + fields);
    }
    return value;
  }

  /// All bytes of each stream, streams in the order of their first byte.
  public Map<Stream, byte[]> streams() {
    Map<Stream, ByteArrayOutputStream> growing = new LinkedHashMap<>();
    for (Event event : events) {
      if (event instanceof Chunk(_, int connection, Direction direction, byte[] bytes)) {
        growing
            .computeIfAbsent(new Stream(connection, direction), _ -> new ByteArrayOutputStream())
            .writeBytes(bytes);
      }
    }
    Map<Stream, byte[]> streams = new LinkedHashMap<>();
    growing.forEach((stream, bytes) -> streams.put(stream, bytes.toByteArray()));
    return streams;
  }
}
