package org.twincore.host.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.meta.GrownDisk;

/// What is remembered of each minor's backing disk beyond its use, so that metadata is found again
/// when the disk grew meanwhile: `drbd-minor-N.lkbd` in a folder, as drbdmeta writes it.
///
/// ```
/// <size in bytes> TAB <device>
/// uuid: TAB <identifier of the metadata, 16 hex digits>
/// ```
///
/// A memory only: what cannot be read counts as not there, and a crash leaves the old file or the
/// new one.
public final class KnownDisks {
  private final Path folder;

  public KnownDisks(Path folder) {
    this.folder = folder;
  }

  /// What is remembered of that minor's disk.
  public Optional<GrownDisk.Known> of(int minor) {
    try {
      List<String> lines = Files.readAllLines(file(minor));
      long size = Long.parseLong(lines.getFirst().split("\t", 2)[0].trim());
      long uuid =
          lines.stream()
              .filter(line -> line.startsWith("uuid:"))
              .map(line -> Long.parseUnsignedLong(line.substring("uuid:".length()).trim(), 16))
              .findFirst()
              .orElse(0L);
      return Optional.of(new GrownDisk.Known(size, uuid));
    } catch (IOException | RuntimeException unknown) {
      return Optional.empty(); // a memory that is lost, or was never there
    }
  }

  /// Remembers the disk of a minor.
  public void remember(int minor, Path device, GrownDisk.Known known) throws IOException {
    Files.createDirectories(folder);
    String uuid = known.deviceUuid() == 0 ? "" : "uuid:\t%016X\n".formatted(known.deviceUuid());
    Path fresh = folder.resolve("drbd-minor-" + minor + ".lkbd.new");
    Files.writeString(fresh, known.sizeBytes() + "\t" + device + "\n" + uuid);
    Files.move(
        fresh, file(minor), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file(int minor) {
    return folder.resolve("drbd-minor-" + minor + ".lkbd");
  }
}
