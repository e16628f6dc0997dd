package org.twincore.cli.drbdmeta;

import java.io.IOException;
import org.twincore.drbd.meta.MetadataStore;

/// Stands for the disk in commands that have none.
final class NoStore implements MetadataStore {
  @Override
  public void read(long offsetBytes, byte[] into) throws IOException {
    throw new IOException("this command has no disk");
  }

  @Override
  public void write(long offsetBytes, byte[] from) throws IOException {
    throw new IOException("this command has no disk");
  }

  @Override
  public void force() {}

  @Override
  public long sizeBytes() {
    return 0;
  }
}
