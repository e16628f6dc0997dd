package org.twincore.daemon.verify;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.JsonText;

/// The books of a node's volumes, one file `verify-RESOURCE.json` a resource in its state folder,
/// each replaced as a whole.
///
/// A book that cannot be read begins anew: what it said of the past is lost, and the next verify
/// goes over all.
public final class VerifyBooks {
  private static final System.Logger LOG = System.getLogger("org.twincore.verify");

  private final Path folder;
  private final TreeMap<String, TreeMap<Integer, VolumeBook>> books = new TreeMap<>();

  /// The books that lie in `folder`, which may not exist yet.
  public VerifyBooks(Path folder) {
    this.folder = folder;
  }

  VolumeBook of(String resource, int volume) {
    return all(resource).getOrDefault(volume, VolumeBook.EMPTY);
  }

  /// Durable on return, or logged why not.
  void put(String resource, int volume, VolumeBook book) {
    TreeMap<Integer, VolumeBook> all = all(resource);
    if (book.equals(all.put(volume, book))) {
      return;
    }
    try {
      write(file(resource), JsonText.write(json(resource)) + "\n");
    } catch (IOException failed) {
      LOG.log(
          System.Logger.Level.WARNING,
          "resource={0} verify-book={1} not written: {2}",
          resource,
          file(resource),
          failed);
    }
  }

  /// The volumes of a resource that have a book.
  List<Integer> volumes(String resource) {
    return List.copyOf(all(resource).keySet());
  }

  Map<String, Object> json(String resource) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("resource", resource);
    List<Object> volumes = new ArrayList<>();
    all(resource).forEach((volume, book) -> volumes.add(book.json(volume)));
    map.put("volumes", volumes);
    return map;
  }

  private TreeMap<Integer, VolumeBook> all(String resource) {
    return books.computeIfAbsent(resource, this::read);
  }

  private TreeMap<Integer, VolumeBook> read(String resource) {
    TreeMap<Integer, VolumeBook> found = new TreeMap<>();
    try {
      String text = Files.readString(file(resource));
      for (Object each : BookJson.list(JsonText.parseObject(text), "volumes")) {
        Map<?, ?> volume = BookJson.map(each);
        found.put((int) BookJson.number(volume, "volume"), VolumeBook.of(volume));
      }
    } catch (NoSuchFileException none) {
      return found;
    } catch (IOException | AdminFormatException | UncheckedIOException bad) {
      LOG.log(
          System.Logger.Level.WARNING,
          "resource={0} verify-book={1} begins anew: {2}",
          resource,
          file(resource),
          bad.getMessage());
      found.clear();
    }
    return found;
  }

  private Path file(String resource) {
    return folder.resolve("verify-" + resource + ".json");
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
