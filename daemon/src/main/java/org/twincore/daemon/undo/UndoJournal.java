package org.twincore.daemon.undo;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.UndoFound;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.engine.port.UndoFile;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.drbd.meta.undo.UndoHeader;
import org.twincore.drbd.meta.undo.UndoWriter;

/// Writes the undo files of one volume, one thing after the other, on a thread of its own.
///
/// Lives as long as the volume: what an earlier attach left under way is over before the next one
/// looks.
public final class UndoJournal implements UndoFile, AutoCloseable {
  private static final Logger LOG = System.getLogger("org.twincore.undo");

  private final UndoFolder folder;
  private final Place place;
  private final EventSink sink;
  private final LongSupplier wallMillis;
  private final RandomGenerator random;
  private final ExecutorService worker;
  private @Nullable Current current;

  /// Whose files they are; the peer's name may be known later than the volume.
  public record Place(String resource, int volume, String node, Supplier<String> peer) {}

  /// The file that is written; so many bytes of it are durable.
  private record Current(Path path, long fileId, long durableBytes) {}

  public UndoJournal(
      UndoFolder folder,
      Place place,
      EventSink sink,
      LongSupplier wallMillis,
      RandomGenerator random) {
    this.folder = folder;
    this.place = place;
    this.sink = sink;
    this.wallMillis = wallMillis;
    this.random = random;
    this.worker =
        Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("undo-" + place.resource + "/" + place.volume).factory());
  }

  @Override
  public void carryOut(Effect.OfUndo effect) {
    worker.execute(() -> sink.post(answer(effect)));
  }

  private Event answer(Effect.OfUndo effect) {
    try {
      switch (effect) {
        case Effect.BeginUndo begin -> begin(begin);
        case Effect.AppendUndo append -> append(append);
        case Effect.EndUndo end -> end(end.complete());
      }
      return new Event.UndoDone(effect.volume(), effect.token());
    } catch (IOException failed) {
      return new Event.UndoFailed(effect.volume(), effect.token(), words(failed));
    }
  }

  private static String words(IOException failed) {
    String message = failed.getMessage();
    return failed.getClass() == IOException.class && message != null ? message : failed.toString();
  }

  private void begin(Effect.BeginUndo begin) throws IOException {
    current = null;
    folder.make();
    folder.checkRoom(UndoHeader.SIZE_BYTES);
    long now = wallMillis.getAsLong();
    long fileId = random.nextLong();
    var terms = begin.terms();
    byte[] header =
        new UndoHeader(
                fileId,
                now,
                terms.sizeSectors(),
                terms.deviceUuid(),
                terms.own(),
                terms.peer(),
                place.volume,
                place.resource,
                place.node,
                place.peer.get(),
                terms.reason())
            .encode();
    Path path = folder.name(place.resource, place.volume, now);
    try (UndoStore file = UndoStore.creating(path)) {
      file.write(0, header);
      file.force();
    }
    UndoStore.forceFolder(folder.path());
    current = new Current(path, fileId, header.length);
    LOG.log(
        Level.INFO,
        "resource={0} volume={1} undo-file={2} reason=\"{3}\"",
        place.resource,
        place.volume,
        path,
        terms.reason());
  }

  private void append(Effect.AppendUndo append) throws IOException {
    Current open = current;
    if (open == null) {
      throw new IOException("there is no undo file to write to");
    }
    UndoWriter writer = new UndoWriter(open.fileId, open.durableBytes);
    for (Effect.OldBlocks blocks : append.blocks()) {
      writer.blocks(blocks.extent(), blocks.data().array(), blocks.data().arrayOffset());
    }
    byte[] bytes = writer.bytes();
    folder.checkRoom(bytes.length);
    current = add(open, bytes);
  }

  private void end(boolean complete) throws IOException {
    Current open = current;
    current = null;
    if (open != null) {
      UndoWriter writer = new UndoWriter(open.fileId, open.durableBytes);
      add(open, writer.end(complete, wallMillis.getAsLong()).bytes());
    }
  }

  /// What an earlier try left behind the durable part is written over, or cut off.
  private static Current add(Current open, byte[] bytes) throws IOException {
    try (UndoStore file = UndoStore.writing(open.path)) {
      if (file.sizeBytes() < open.durableBytes) {
        throw new IOException(open.path + " has become shorter");
      }
      file.truncate(open.durableBytes);
      file.write(open.durableBytes, bytes);
      file.force();
    }
    return new Current(open.path, open.fileId, open.durableBytes + bytes.length);
  }

  // ---- at an attach

  /// What there is for a disk of that identifier; empty if no undo files are kept: then one that
  /// was not ended ends here, and says that it is not complete.
  public Optional<UndoFound> found(long deviceUuid) throws IOException {
    try {
      return worker.submit(() -> find(deviceUuid)).get();
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof IOException io ? io : new IOException(failed.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
  }

  private Optional<UndoFound> find(long deviceUuid) throws IOException {
    current = null;
    Optional<UndoFolder.Found> newest = folder.newest(place.resource, place.volume, deviceUuid);
    if (newest.isEmpty()) {
      return folder.isOn() ? Optional.of(UndoFound.NOTHING) : Optional.empty();
    }
    try (UndoFolder.Found file = newest.get()) {
      UndoContents contents = file.contents();
      boolean isOpen = contents.end() == UndoContents.End.OPEN;
      boolean isDamaged = contents.damagedAt().isPresent();
      if (isOpen && !isDamaged) {
        resume(file);
      }
      if (!folder.isOn()) {
        end(false);
        return Optional.empty();
      }
      return Optional.of(
          isOpen
              ? new UndoFound(
                  Optional.of(contents.saved()),
                  isDamaged ? Optional.of(file.path() + " is damaged") : Optional.empty())
              : UndoFound.NOTHING);
    }
  }

  /// The torn tail goes; what is left is durable, also if only a process and no machine crashed.
  private void resume(UndoFolder.Found open) throws IOException {
    long sound = open.contents().soundBytes();
    try (UndoStore file = UndoStore.writing(open.path())) {
      file.truncate(sound);
      file.force();
    }
    UndoStore.forceFolder(folder.path());
    current = new Current(open.path(), open.contents().header().fileId(), sound);
  }

  /// What is under way is done; nothing follows.
  @Override
  public void close() {
    worker.shutdown();
  }
}
