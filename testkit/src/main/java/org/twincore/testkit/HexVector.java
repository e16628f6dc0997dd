package org.twincore.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Bytes written down for people: hex digits with a comment on each field.
///
/// ```
/// # source: where the bytes come from
/// 83740267 fff2 0000   ; magic, command, length
/// 41*4096              ; one byte, repeated
/// ```
///
/// `#` starts a line of the head, `;` a comment; white space between bytes is free. A second vector
/// in the same file starts at a line `== name`. A file without such lines holds one, unnamed.
public record HexVector(String name, List<String> head, byte[] bytes) {
  private static final String NEXT = "== ";
  private static final int REPEAT_MAX = 1 << 24;

  /// All vectors of a file, in order.
  public static List<HexVector> readAll(Path file) throws IOException {
    return parse(file.getFileName().toString(), Files.readString(file));
  }

  /// The vectors in a text; `where` names it in errors.
  static List<HexVector> parse(String where, String text) {
    List<HexVector> all = new ArrayList<>();
    Draft draft = new Draft("");
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.startsWith(NEXT)) {
        draft.finishInto(all);
        draft = new Draft(line.substring(NEXT.length()).strip());
      } else if (line.startsWith("#")) {
        draft.head.add(line.substring(1).strip());
      } else {
        draft.add(where + ":" + number, line);
      }
    }
    draft.finishInto(all);
    return List.copyOf(all);
  }

  /// The value of a head line `key: value`; empty if there is none.
  public String about(String key) {
    String start = key + ":";
    return head.stream()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()).strip())
        .findFirst()
        .orElse("");
  }

  /// A vector while its lines are read.
  private static final class Draft {
    private final String name;
    private final List<String> head = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Draft(String name) {
      this.name = name;
    }

    void add(String where, String line) {
      int comment = line.indexOf(';');
      String code = comment < 0 ? line : line.substring(0, comment);
      for (String word : code.strip().split("\\s+")) {
        try {
          addWord(word);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(where + ": expected hex bytes, found " + word, e);
        }
      }
    }

    private void addWord(String word) {
      int star = word.indexOf('*');
      byte[] part = HexFormat.of().parseHex(star < 0 ? word : word.substring(0, star));
      int times = star < 0 ? 1 : Integer.parseInt(word.substring(star + 1));
      if (times > REPEAT_MAX) {
        throw new IllegalArgumentException("repeated " + times + " times");
      }
      for (int i = 0; i < times; i++) {
        bytes.writeBytes(part);
      }
    }

    void finishInto(List<HexVector> all) {
      if (bytes.size() > 0 || !name.isEmpty()) {
        all.add(new HexVector(name, List.copyOf(head), bytes.toByteArray()));
      }
    }
  }
}
