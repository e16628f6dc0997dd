package org.twincore.drbd.meta.undo;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.twincore.drbd.Extent;
import org.twincore.drbd.meta.MetadataStore;

/// What an undo file holds, as far as it can be relied upon.
///
/// A record whose checksum does not match ends the file: it is the tail that a crash has torn. If
/// behind it stands a record that was written when the bad one was durable already, the file is
/// damaged, and what it lost is not known.
public final class UndoContents {
  private static final int CHUNK_BYTES = 1 << 20;

  /// How a file ended.
  public enum End {
    /// The resync still goes on, or was interrupted.
    OPEN,
    /// All that was overwritten was saved.
    COMPLETE,
    /// An admin let the resync go on without.
    STOPPED
  }

  private final MetadataStore store;
  private final UndoHeader header;
  private final boolean keepsPlaces;
  private final TreeMap<Long, Piece> pieces = new TreeMap<>();
  private final SavedBlocks saved = new SavedBlocks();
  private End end = End.OPEN;
  private OptionalLong endedMillis = OptionalLong.empty();
  private long soundBytes = UndoHeader.SIZE_BYTES;
  private OptionalLong damagedAt = OptionalLong.empty();

  /// Where the content of an extent stands in the file; -1: it was zeroes.
  private record Piece(Extent extent, long fileOffset) {}

  private UndoContents(MetadataStore store, UndoHeader header, boolean keepsPlaces) {
    this.store = store;
    this.header = header;
    this.keepsPlaces = keepsPlaces;
  }

  /// Whose file it is, and nothing else.
  public static UndoHeader readHeader(MetadataStore store) throws IOException, UndoFormatException {
    if (store.sizeBytes() < UndoHeader.SIZE_BYTES) {
      throw new UndoFormatException("the file is shorter than a header");
    }
    byte[] block = new byte[UndoHeader.SIZE_BYTES];
    store.read(0, block);
    return UndoHeader.decode(block);
  }

  /// Reads all of it once, and each checksum. Remembers where each record is: some 100 bytes each.
  public static UndoContents read(MetadataStore store) throws IOException, UndoFormatException {
    UndoContents contents = new UndoContents(store, readHeader(store), true);
    contents.records();
    return contents;
  }

  /// The same for who only wants to know which blocks there are: [#extents] and [#lay] know of
  /// none.
  public static UndoContents readBlocks(MetadataStore store)
      throws IOException, UndoFormatException {
    UndoContents contents = new UndoContents(store, readHeader(store), false);
    contents.records();
    return contents;
  }

  private void records() throws IOException {
    readOn();
    long size = store.sizeBytes();
    if (soundBytes < size) {
      lookBehind(size);
    }
  }

  /// Takes in what was added to the file since.
  public void readOn() throws IOException {
    long size = store.sizeBytes();
    while (true) {
      Optional<UndoRecord> found = at(soundBytes, size);
      if (found.isEmpty()) {
        return;
      }
      take(found.get(), soundBytes);
      soundBytes += found.get().lengthBytes();
    }
  }

  /// The record there, if it and its data are whole.
  private Optional<UndoRecord> at(long offset, long size) throws IOException {
    if (offset > size - UndoRecord.HEAD_BYTES) {
      return Optional.empty();
    }
    byte[] head = new byte[UndoRecord.HEAD_BYTES];
    store.read(offset, head);
    Optional<UndoRecord> record = UndoRecord.decode(head, 0, header.fileId());
    if (record.isEmpty() || offset + record.get().lengthBytes() > size) {
      return Optional.empty();
    }
    byte[] data = new byte[record.get().dataBytes()];
    store.read(offset + UndoRecord.HEAD_BYTES, data);
    return UndoRecord.crc(data, 0, data.length) == record.get().dataCrc()
        ? record
        : Optional.empty();
  }

  private void take(UndoRecord record, long offset) {
    switch (record.kind()) {
      case BLOCKS, ZEROES -> {
        boolean zeroes = record.kind() == UndoRecord.Kind.ZEROES;
        Extent extent = record.extent();
        if (keepsPlaces) {
          // What was saved first is what there was.
          pieces.putIfAbsent(
              extent.sector(), new Piece(extent, zeroes ? -1 : offset + UndoRecord.HEAD_BYTES));
        }
        saved.add(extent);
      }
      case COMPLETE, STOPPED -> {
        end = record.kind() == UndoRecord.Kind.STOPPED ? End.STOPPED : End.COMPLETE;
        endedMillis = OptionalLong.of(record.place());
      }
    }
  }

  private void lookBehind(long size) throws IOException {
    for (long from = soundBytes; from < size; from += CHUNK_BYTES) {
      byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES + UndoRecord.HEAD_BYTES, size - from)];
      store.read(from, chunk);
      for (int at = 0; at <= chunk.length - UndoRecord.HEAD_BYTES; at += UndoRecord.HEAD_BYTES) {
        Optional<UndoRecord> later = UndoRecord.decode(chunk, at, header.fileId());
        if (later.isPresent() && later.get().durableBytes() > soundBytes) {
          damagedAt = OptionalLong.of(soundBytes);
          return;
        }
      }
    }
  }

  public UndoHeader header() {
    return header;
  }

  public End end() {
    return end;
  }

  /// When it ended; milliseconds since 1970.
  public OptionalLong endedMillis() {
    return endedMillis;
  }

  /// The blocks that it holds; a set of the caller's own.
  public SavedBlocks saved() {
    return saved.copy();
  }

  public long blocks() {
    return saved.count();
  }

  /// Up to where the file is sound; the rest is a torn tail.
  public long soundBytes() {
    return soundBytes;
  }

  /// Where it is damaged in what had been durable; empty if it is not.
  public OptionalLong damagedAt() {
    return damagedAt;
  }

  /// The extents that it holds, in the order of the disk.
  public Iterable<Extent> extents() {
    return () -> pieces.values().stream().map(Piece::extent).iterator();
  }

  /// Lays what is saved over `bytes`, which are those of the disk from `sector` on; how many bytes
  /// were laid over.
  public long lay(long sector, byte[] bytes) throws IOException {
    Extent wanted = new Extent(sector, bytes.length);
    long laid = 0;
    Map.Entry<Long, Piece> each = pieces.floorEntry(sector);
    if (each == null) {
      each = pieces.ceilingEntry(sector);
    }
    while (each != null && each.getKey() < wanted.endSector()) {
      laid += lay(each.getValue(), wanted, bytes);
      each = pieces.higherEntry(each.getKey());
    }
    return laid;
  }

  private long lay(Piece piece, Extent wanted, byte[] bytes) throws IOException {
    long from = Math.max(piece.extent.sector(), wanted.sector());
    long to = Math.min(piece.extent.endSector(), wanted.endSector());
    if (from >= to) {
      return 0;
    }
    byte[] part = new byte[Math.toIntExact((to - from) * Extent.SECTOR_BYTES)];
    if (piece.fileOffset >= 0) {
      store.read(piece.fileOffset + (from - piece.extent.sector()) * Extent.SECTOR_BYTES, part);
    }
    int at = Math.toIntExact((from - wanted.sector()) * Extent.SECTOR_BYTES);
    System.arraycopy(part, 0, bytes, at, part.length);
    return part.length;
  }
}
