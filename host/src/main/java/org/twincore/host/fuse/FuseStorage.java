package org.twincore.host.fuse;

import java.nio.ByteBuffer;

/// What stands behind the one file of a [DevFuse] mount.
///
/// Each call returns soon and answers through its callback exactly once, from any thread. Offsets
/// and lengths are in bytes; the file is at least 512-byte aligned because a loop device is on top.
public interface FuseStorage {
  /// The end of a write, sync or zero: 0, or a positive errno.
  @FunctionalInterface
  interface Done {
    void done(int errno);
  }

  /// The end of a read.
  interface ReadDone {
    /// The remaining bytes of all pieces in order, together as many as asked for; they are copied
    /// before this returns.
    void read(ByteBuffer... pieces);

    void failed(int errno);
  }

  void read(long offsetBytes, int sizeBytes, ReadDone done);

  /// `data` belongs to the storage from now on.
  void write(long offsetBytes, byte[] data, Done done);

  /// Answered when all writes answered before are durable.
  void sync(Done done);

  /// The range reads as zeroes afterwards; it is deallocated if `mayUnmap`.
  void zero(long offsetBytes, long lengthBytes, boolean mayUnmap, Done done);
}
