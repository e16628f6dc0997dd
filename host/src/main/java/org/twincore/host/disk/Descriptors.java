package org.twincore.host.disk;

import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.LinuxException;

/// One file opened twice: `plain` as it is, `synced` so that a write returns only when it is
/// durable (O_DSYNC: that one range, without waiting for everything else that is dirty).
record Descriptors(Descriptor plain, Descriptor synced) implements AutoCloseable {
  /// `flags` beside those for reading and writing.
  static Descriptors open(String path, int flags) throws LinuxException {
    Descriptor plain = Descriptor.open(path, Descriptor.O_RDWR | flags);
    try {
      return new Descriptors(
          plain, Descriptor.open(path, Descriptor.O_RDWR | Descriptor.O_DSYNC | flags));
    } catch (LinuxException failed) {
      plain.close();
      throw failed;
    }
  }

  Descriptor forWrite(boolean durable) {
    return durable ? synced : plain;
  }

  @Override
  public void close() {
    plain.close();
    synced.close();
  }
}
