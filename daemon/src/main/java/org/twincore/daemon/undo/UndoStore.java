package org.twincore.daemon.undo;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.twincore.drbd.meta.MetadataStore;

/// One undo file, open. Not for several threads.
final class UndoStore implements MetadataStore, AutoCloseable {
  private final FileChannel file;

  private UndoStore(FileChannel file) {
    this.file = file;
  }

  static UndoStore reading(Path path) throws IOException {
    return new UndoStore(FileChannel.open(path, StandardOpenOption.READ));
  }

  static UndoStore writing(Path path) throws IOException {
    return new UndoStore(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  /// A file that was not there, for its owner alone.
  static UndoStore creating(Path path) throws IOException {
    return new UndoStore(
        FileChannel.open(
            path,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
  }

  /// Names of files in it are durable on return.
  static void forceFolder(Path folder) throws IOException {
    try (FileChannel open = FileChannel.open(folder, StandardOpenOption.READ)) {
      open.force(true);
    }
  }

  static long sizeOf(Path path) throws IOException {
    return Files.size(path);
  }

  @Override
  public void read(long offsetBytes, byte[] into) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, offsetBytes + buffer.position()) < 0) {
        throw new EOFException("the file ends before byte " + (offsetBytes + into.length));
      }
    }
  }

  @Override
  public void write(long offsetBytes, byte[] from) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(from);
    while (buffer.hasRemaining()) {
      file.write(buffer, offsetBytes + buffer.position());
    }
  }

  void truncate(long bytes) throws IOException {
    file.truncate(bytes);
  }

  @Override
  public void force() throws IOException {
    file.force(false);
  }

  @Override
  public long sizeBytes() throws IOException {
    return file.size();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
