package org.twincore.drbd.meta;

import java.io.IOException;

/// The metadata device as bytes at places: a file, a loop device, a block device, an array in a
/// test.
///
/// Offsets are in bytes from the device's start. A read that would reach behind the end fails. What
/// was written is durable after [#force]; until then any part of it, in any order, may be.
public interface MetadataStore {
  /// Fills `into` from `offsetBytes` on.
  void read(long offsetBytes, byte[] into) throws IOException;

  /// Writes all of `from` at `offsetBytes`.
  void write(long offsetBytes, byte[] from) throws IOException;

  /// Everything written before is durable on return.
  void force() throws IOException;

  /// Size of the device.
  long sizeBytes() throws IOException;
}
