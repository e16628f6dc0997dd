package org.twincore.drbd.meta;

import java.io.IOException;

/// The metadata device as bytes at places: a file, a loop device, a block device, an array in a
/// test.
///
/// Offsets are in bytes from the device's start. A read that would reach behind the end fails. What
/// was written is durable after [#force]; until then any part of it, in any order, may be.
public interface MetadataStore {
  int ZERO_CHUNK_BYTES = 1 << 20;

  /// Fills `into` from `offsetBytes` on.
  void read(long offsetBytes, byte[] into) throws IOException;

  /// Writes all of `from` at `offsetBytes`.
  void write(long offsetBytes, byte[] from) throws IOException;

  /// The range reads as zeroes afterwards.
  default void zero(long offsetBytes, long lengthBytes) throws IOException {
    byte[] chunk = new byte[(int) Math.min(ZERO_CHUNK_BYTES, lengthBytes)];
    for (long done = 0; done < lengthBytes; done += chunk.length) {
      int part = (int) Math.min(chunk.length, lengthBytes - done);
      write(offsetBytes + done, part == chunk.length ? chunk : new byte[part]);
    }
  }

  /// Everything written before is durable on return.
  void force() throws IOException;

  /// Size of the device.
  long sizeBytes() throws IOException;
}
