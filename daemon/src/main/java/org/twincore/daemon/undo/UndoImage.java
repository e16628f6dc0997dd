package org.twincore.daemon.undo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.twincore.drbd.meta.undo.UndoContents;

/// Writes a sparse image of a disk as it was when its split brain was settled: what is on the disk
/// now, with what was saved laid over it.
///
/// The resync may go on meanwhile: each part of the disk is read first, and only then looked up in
/// the undo file, where everything stands that was overwritten before.
public final class UndoImage {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int BLOCK_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;

  private final Path disk;
  private final UndoContents undo;

  public UndoImage(Path disk, UndoContents undo) {
    this.disk = disk;
    this.undo = undo;
  }

  /// Makes the file, which must not be there; durable on return. How many bytes of it are from the
  /// undo file.
  public long write(Path file) throws IOException {
    long sizeBytes = undo.header().sizeSectors() * SECTOR_BYTES;
    long laid = 0;
    boolean isDone = false;
    try (FileChannel in = FileChannel.open(disk, StandardOpenOption.READ);
        FileChannel out =
            FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rw-------")))) {
      try {
        for (long at = 0; at < sizeBytes; at += CHUNK_BYTES) {
          byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, sizeBytes - at)];
          read(in, at, chunk);
          undo.readOn();
          laid += undo.lay(at / SECTOR_BYTES, chunk);
          writeThin(out, at, chunk);
        }
        setLength(out, sizeBytes);
        out.force(true);
        isDone = true;
      } finally {
        if (!isDone) {
          Files.deleteIfExists(file);
        }
      }
    }
    return laid;
  }

  private void read(FileChannel in, long at, byte[] chunk) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(chunk);
    while (buffer.hasRemaining()) {
      if (in.read(buffer, at + buffer.position()) < 0) {
        throw new IOException(disk + " ends before byte " + (at + chunk.length));
      }
    }
  }

  /// Blocks of zeroes stay holes.
  private static void writeThin(FileChannel out, long at, byte[] chunk) throws IOException {
    for (int from = 0; from < chunk.length; ) {
      int to = from;
      while (to < chunk.length && !isZero(chunk, to)) {
        to = Math.min(chunk.length, to + BLOCK_BYTES);
      }
      if (to > from) {
        ByteBuffer part = ByteBuffer.wrap(chunk, from, to - from);
        while (part.hasRemaining()) {
          out.write(part, at + part.position());
        }
      }
      from = Math.min(chunk.length, Math.max(to, from) + BLOCK_BYTES);
    }
  }

  private static boolean isZero(byte[] chunk, int from) {
    int to = Math.min(chunk.length, from + BLOCK_BYTES);
    for (int at = from; at < to; at++) {
      if (chunk[at] != 0) {
        return false;
      }
    }
    return true;
  }

  private static void setLength(FileChannel out, long sizeBytes) throws IOException {
    if (sizeBytes > 0 && out.size() < sizeBytes) {
      out.write(ByteBuffer.allocate(1), sizeBytes - 1);
    }
  }
}
