package org.twincore.daemon.dossier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.Role;

/// Who was Primary when, as this node saw it: a text file for a resource, a line for each change,
/// the newest last. It may lose its last lines with the machine; nothing is decided by it.
///
/// Used by one thread at a time.
public final class RoleHistory {
  private static final System.Logger LOG = System.getLogger("org.twincore.dossier");

  /// The file is cut to the newest half when it has this many lines.
  private static final int LINES_MAX = 400;

  private final Path file;
  private int lines = -1;

  /// One change: from then on both were that.
  public record Entry(Instant at, int volume, Role own, Role peer) {
    private String line() {
      return at + " " + volume + " " + own + " " + peer;
    }

    private static Optional<Entry> of(String line) {
      String[] words = line.split(" ", -1);
      try {
        return words.length == 4
            ? Optional.of(
                new Entry(
                    Instant.parse(words[0]),
                    Integer.parseInt(words[1]),
                    role(words[2]),
                    role(words[3])))
            : Optional.empty();
      } catch (DateTimeException | IllegalArgumentException torn) {
        return Optional.empty();
      }
    }

    private static Role role(String word) {
      for (Role role : Role.values()) {
        if (role.toString().equals(word)) {
          return role;
        }
      }
      throw new IllegalArgumentException(word);
    }
  }

  /// The history in that file, which may not exist yet.
  public RoleHistory(Path file) {
    this.file = file;
  }

  /// Adds a change; a failure is logged.
  public void add(Entry entry) {
    try {
      if (lines < 0) {
        lines = read().size();
      }
      if (lines >= LINES_MAX) {
        shorten();
      }
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(
          file, entry.line() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      lines++;
    } catch (IOException failed) {
      LOG.log(System.Logger.Level.WARNING, "role-history={0} not written: {1}", file, failed);
    }
  }

  private void shorten() throws IOException {
    List<Entry> all = read();
    List<Entry> newest = all.subList(all.size() - LINES_MAX / 2, all.size());
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.write(next, newest.stream().map(Entry::line).toList());
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    lines = newest.size();
  }

  /// All of one volume, the oldest first; what is torn is left out.
  public List<Entry> of(int volume) throws IOException {
    return read().stream().filter(entry -> entry.volume == volume).toList();
  }

  private List<Entry> read() throws IOException {
    List<Entry> found = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        Entry.of(line).ifPresent(found::add);
      }
    } catch (NoSuchFileException none) {
      return found;
    }
    return found;
  }
}
