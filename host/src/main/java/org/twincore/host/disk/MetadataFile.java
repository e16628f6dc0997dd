package org.twincore.host.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.twincore.drbd.meta.MetadataStore;

/// A file or block device on which metadata is read and written by a plain caller: an offline tool,
/// or a node before it attaches. Lock it first ([DiskLock]).
public final class MetadataFile implements MetadataStore, AutoCloseable {
  private final DiskFile file;

  private MetadataFile(DiskFile file) {
    this.file = file;
  }

  public static MetadataFile open(Path path) throws IOException {
    return new MetadataFile(DiskFile.open(path.toString(), new BufferPool()));
  }

  @Override
  public void read(long offsetBytes, byte[] into) throws IOException {
    DiskFile.checkRange(file, offsetBytes, into.length);
    file.read(offsetBytes, into);
  }

  @Override
  public void write(long offsetBytes, byte[] from) throws IOException {
    DiskFile.checkRange(file, offsetBytes, from.length);
    file.write(offsetBytes, from, 0, from.length, false);
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) throws IOException {
    DiskFile.checkRange(file, offsetBytes, lengthBytes);
    file.zero(offsetBytes, lengthBytes);
  }

  @Override
  public void force() throws IOException {
    file.sync();
  }

  @Override
  public long sizeBytes() {
    return file.sizeBytes();
  }

  @Override
  public void close() {
    file.close();
  }
}
