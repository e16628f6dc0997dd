package org.twincore.daemon.undo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.drbd.meta.undo.UndoFormatException;
import org.twincore.drbd.meta.undo.UndoHeader;

/// Where a node keeps its undo files, and how much they may take together.
///
/// @param path the folder; made when the first file is
/// @param limitBytes of all files together
/// @param isOn whether new ones are written; old ones are there all the same
public record UndoFolder(Path path, long limitBytes, boolean isOn) {
  private static final String SUFFIX = ".undo";

  /// One file and what it holds; the file stays open. To be closed.
  public record Found(Path path, UndoStore store, UndoContents contents) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      store.close();
    }
  }

  private List<Path> paths() throws IOException {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(path, "*" + SUFFIX)) {
      stream.forEach(paths::add);
    } catch (NotDirectoryException | NoSuchFileException none) {
      return List.of();
    } catch (DirectoryIteratorException failed) {
      throw failed.getCause();
    }
    paths.sort(Comparator.naturalOrder());
    return paths;
  }

  private record Headed(Path path, UndoHeader header) {}

  /// The files of one volume, newest first. What is no undo file, or was not begun wholly before a
  /// crash, is left out: nothing was overwritten for it.
  private List<Headed> headers(String resource, int volume) throws IOException {
    List<Headed> found = new ArrayList<>();
    for (Path each : paths()) {
      if (!each.getFileName().toString().startsWith(resource + "-" + volume + "-")) {
        continue;
      }
      try (UndoStore store = UndoStore.reading(each)) {
        UndoHeader header = UndoContents.readHeader(store);
        if (header.resource().equals(resource) && header.volume() == volume) {
          found.add(new Headed(each, header));
        }
      } catch (UndoFormatException none) {
        // Not ours, or torn: see above.
      }
    }
    found.sort(Comparator.comparingLong((Headed it) -> it.header.createdMillis()).reversed());
    return found;
  }

  /// All files of one volume, newest first, with which blocks they hold.
  public List<Found> of(String resource, int volume) throws IOException {
    List<Found> found = new ArrayList<>();
    for (Headed each : headers(resource, volume)) {
      found.add(open(each.path, UndoContents::readBlocks));
    }
    return found;
  }

  /// The newest file of one volume, with where each block is in it.
  public Optional<Found> newest(String resource, int volume) throws IOException {
    List<Headed> all = headers(resource, volume);
    return all.isEmpty()
        ? Optional.empty()
        : Optional.of(open(all.getFirst().path, UndoContents::read));
  }

  /// The newest file of a volume that is for that disk, with which blocks it holds.
  Optional<Found> newest(String resource, int volume, long deviceUuid) throws IOException {
    for (Headed each : headers(resource, volume)) {
      if (each.header.deviceUuid() == deviceUuid) {
        return Optional.of(open(each.path, UndoContents::readBlocks));
      }
    }
    return Optional.empty();
  }

  private interface Reading {
    UndoContents of(UndoStore store) throws IOException, UndoFormatException;
  }

  private static Found open(Path path, Reading reading) throws IOException {
    UndoStore store = UndoStore.reading(path);
    try {
      return new Found(path, store, reading.of(store));
    } catch (IOException failed) {
      store.close();
      throw failed;
    } catch (UndoFormatException changed) {
      store.close();
      throw new IOException(path + ": " + changed.getMessage(), changed);
    }
  }

  /// A name for a new file.
  Path name(String resource, int volume, long createdMillis) {
    return path.resolve("%s-%d-%d%s".formatted(resource, volume, createdMillis, SUFFIX));
  }

  void make() throws IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectories(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path parent = path.toAbsolutePath().getParent();
      if (parent != null) {
        UndoStore.forceFolder(parent);
      }
    }
  }

  /// Fails if so many more bytes are too many.
  void checkRoom(long bytes) throws IOException {
    long taken;
    try {
      taken = paths().stream().mapToLong(UndoFolder::size).sum();
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
    if (taken + bytes > limitBytes) {
      throw new IOException(
          "undo-limit: %d bytes are taken in %s, %d more would exceed %d"
              .formatted(taken, path, bytes, limitBytes));
    }
  }

  private static long size(Path file) {
    try {
      return UndoStore.sizeOf(file);
    } catch (NoSuchFileException removed) {
      return 0;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
