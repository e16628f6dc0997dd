package org.twincore.fuse;

import java.nio.ByteBuffer;

/// Replies as bytes: a 16-byte header (length u32, error i32, unique u64) and a body.
///
/// | offset | size | type | name |
/// |---|---|---|---|
/// | 0 | 4 | u32 | length of header and body |
/// | 4 | 4 | i32 | 0 or minus errno |
/// | 8 | 8 | u64 | unique of the request; 0 for a notification |
///
/// (fuse.h, `struct fuse_out_header`.)
public final class FuseReply {
  public static final int HEADER_BYTES = 16;

  /// fuse.h, `FUSE_NOTIFY_INVAL_INODE`.
  private static final int NOTIFY_INVAL_INODE = 2;

  private FuseReply() {}

  /// A reply without body: `errno` 0 for success, else positive.
  public static ByteBuffer status(long unique, int errno) {
    return header(unique, -errno, 0).flip();
  }

  /// The answer to WRITE: all `sizeBytes` were taken.
  public static ByteBuffer written(long unique, int sizeBytes) {
    return header(unique, 0, 8).putInt(sizeBytes).putInt(0).flip();
  }

  /// Puts the header of a READ answer with `sizeBytes` of data to follow at `out`'s position.
  public static void putReadHeader(ByteBuffer out, long unique, int sizeBytes) {
    out.putInt(HEADER_BYTES + sizeBytes).putInt(0).putLong(unique);
  }

  /// A notification that the kernel forgets attributes and pages of the file, after a resize.
  public static ByteBuffer invalidate(long nodeId) {
    ByteBuffer out = header(0, NOTIFY_INVAL_INODE, 24);
    return out.putLong(nodeId).putLong(0).putLong(0).flip();
  }

  /// A buffer holding the header, with room for and positioned at the body.
  static ByteBuffer header(long unique, int error, int bodyBytes) {
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_BYTES + bodyBytes).order(java.nio.ByteOrder.nativeOrder());
    return out.putInt(HEADER_BYTES + bodyBytes).putInt(error).putLong(unique);
  }
}
