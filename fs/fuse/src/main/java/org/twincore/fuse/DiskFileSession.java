package org.twincore.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A FUSE mount that is one regular file of fixed size: the file under a loop device.
///
/// Feed it each request that the kernel sends; it answers what needs no storage itself and turns
/// the rest into [Action]s whose replies the edge makes with [FuseReply] when the storage is done,
/// in any order. The file is opened with direct I/O, so no page of it is ever cached on this side.
/// One owner at a time.
///
/// States: before INIT only INIT is served; after DESTROY nothing is.
public final class DiskFileSession {
  /// The mount point itself is the file (fuse.h, `FUSE_ROOT_ID`).
  public static final long NODE_ID = 1;

  /// Largest READ or WRITE the kernel may send.
  public static final int MAX_TRANSFER_BYTES = 1 << 20;

  /// The edge's read buffer must hold the largest WRITE with its headers.
  public static final int REQUEST_BUFFER_BYTES = MAX_TRANSFER_BYTES + 8192;

  private static final int REQUEST_HEADER_BYTES = 40;
  private static final int MAJOR = 7;

  /// Answering 31 makes newer kernels speak the struct sizes of 7.31.
  private static final int MINOR = 31;

  private static final int ASYNC_READ = 1;
  private static final int BIG_WRITES = 1 << 5;
  private static final int ASYNC_DIO = 1 << 15;
  private static final int MAX_PAGES = 1 << 22;
  private static final int WANTED_FLAGS = ASYNC_READ | BIG_WRITES | ASYNC_DIO | MAX_PAGES;
  private static final int BACKGROUND_REQUESTS = 64;
  private static final int CONGESTED_REQUESTS = 48;
  private static final int FOPEN_DIRECT_IO = 1;
  private static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;
  private static final int REGULAR_FILE_0600 = 0100600;
  private static final long ATTRIBUTES_VALID_SECONDS = 3600;
  private static final int FATTR_SIZE = 1 << 3;
  private static final int FALLOC_KEEP_SIZE = 1;
  private static final int FALLOC_PUNCH_HOLE = 2;
  private static final int FALLOC_ZERO_RANGE = 0x10;

  private static final int ENOENT = 2;
  private static final int EIO = 5;
  private static final int EINVAL = 22;
  private static final int ENOSPC = 28;
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;
  private static final int EOPNOTSUPP = 95;

  private long sizeBytes;
  private boolean initialised;
  private int openers;

  /// A session for a file of `sizeBytes`, a multiple of 512.
  public DiskFileSession(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  /// What the edge does for one request.
  public sealed interface Action {
    /// Write these bytes to /dev/fuse.
    record Answer(ByteBuffer reply) implements Action {}

    /// Read; then [FuseReply#putReadHeader] and the data, or an error status.
    record Read(long unique, long offsetBytes, int sizeBytes) implements Action {}

    /// Write `data` (a fresh array that belongs to the edge); then [FuseReply#written] or an error.
    record Write(long unique, long offsetBytes, byte[] data) implements Action {}

    /// Make all earlier writes durable; then a status.
    record Sync(long unique) implements Action {}

    /// Make the range read as zeroes, deallocated if `mayUnmap`; then a status.
    record Zero(long unique, long offsetBytes, long lengthBytes, boolean mayUnmap)
        implements Action {}

    /// The last opener is gone: act on it, then write the reply.
    record LastClose(ByteBuffer reply) implements Action {}

    /// Nothing to answer.
    record Ignore() implements Action {}

    /// The kernel broke the protocol or speaks another major version: end the mount.
    record Broken(String why) implements Action {}
  }

  /// How many opens have not been released yet.
  public int openers() {
    return openers;
  }

  /// The file grew; the edge sends [FuseReply#invalidate] afterwards.
  public void resize(long newSizeBytes) {
    sizeBytes = newSizeBytes;
  }

  /// Takes one whole request, from its position to its limit; the buffer is free again on return.
  public Action handle(ByteBuffer request) {
    ByteBuffer in = request.slice().order(ByteOrder.nativeOrder());
    if (in.remaining() < REQUEST_HEADER_BYTES || in.getInt(0) != in.remaining()) {
      return new Action.Broken("a request of " + in.remaining() + " bytes with a wrong length");
    }
    int opcode = in.getInt(4);
    long unique = in.getLong(8);
    if (!initialised && opcode != FuseOpcode.INIT) {
      return status(unique, EIO);
    }
    if (in.remaining() < REQUEST_HEADER_BYTES + leastBodyBytes(opcode)) {
      return status(unique, EINVAL);
    }
    return switch (opcode) {
      case FuseOpcode.INIT -> init(in, unique);
      case FuseOpcode.GETATTR -> attributes(unique);
      case FuseOpcode.SETATTR -> setAttributes(in, unique);
      case FuseOpcode.LOOKUP -> status(unique, ENOENT);
      case FuseOpcode.OPEN -> open(unique);
      case FuseOpcode.RELEASE -> release(unique);
      case FuseOpcode.READ -> read(in, unique);
      case FuseOpcode.WRITE -> write(in, unique);
      case FuseOpcode.FSYNC -> new Action.Sync(unique);
      case FuseOpcode.FALLOCATE -> fallocate(in, unique);
      case FuseOpcode.STATFS -> statFs(unique);
      case FuseOpcode.FLUSH -> status(unique, 0);
      case FuseOpcode.DESTROY -> destroy(unique);
      case FuseOpcode.FORGET, FuseOpcode.BATCH_FORGET, FuseOpcode.INTERRUPT -> new Action.Ignore();
      default -> status(unique, ENOSYS);
    };
  }

  private static int leastBodyBytes(int opcode) {
    return switch (opcode) {
      case FuseOpcode.INIT -> 16;
      case FuseOpcode.READ, FuseOpcode.WRITE -> 40;
      case FuseOpcode.FALLOCATE -> 28;
      case FuseOpcode.SETATTR -> 88;
      default -> 0;
    };
  }

  private static Action status(long unique, int errno) {
    return new Action.Answer(FuseReply.status(unique, errno));
  }

  private Action init(ByteBuffer in, long unique) {
    int major = in.getInt(40);
    if (major != MAJOR) {
      return new Action.Broken("FUSE major version " + major + ", expected " + MAJOR);
    }
    initialised = true;
    ByteBuffer out = FuseReply.header(unique, 0, 64);
    out.putInt(MAJOR).putInt(MINOR);
    out.putInt(Math.min(in.getInt(48), MAX_TRANSFER_BYTES)); // max_readahead
    out.putInt(in.getInt(52) & WANTED_FLAGS);
    out.putShort((short) BACKGROUND_REQUESTS).putShort((short) CONGESTED_REQUESTS);
    out.putInt(MAX_TRANSFER_BYTES); // max_write
    out.putInt(1); // time_gran, nanoseconds
    out.putShort((short) (MAX_TRANSFER_BYTES / 4096)); // max_pages
    return new Action.Answer(out.position(0).limit(FuseReply.HEADER_BYTES + 64));
  }

  private Action attributes(long unique) {
    ByteBuffer out = FuseReply.header(unique, 0, 104);
    out.putLong(16, ATTRIBUTES_VALID_SECONDS);
    int attr = FuseReply.HEADER_BYTES + 16;
    out.putLong(attr, NODE_ID);
    out.putLong(attr + 8, sizeBytes);
    out.putLong(attr + 16, sizeBytes / 512);
    out.putInt(attr + 60, REGULAR_FILE_0600);
    out.putInt(attr + 64, 1); // nlink
    out.putInt(attr + 80, 4096); // blksize
    return new Action.Answer(out.position(0).limit(FuseReply.HEADER_BYTES + 104));
  }

  private Action setAttributes(ByteBuffer in, long unique) {
    boolean truncates = (in.getInt(REQUEST_HEADER_BYTES) & FATTR_SIZE) != 0;
    return truncates ? status(unique, EPERM) : attributes(unique);
  }

  private Action open(long unique) {
    openers++;
    ByteBuffer out = FuseReply.header(unique, 0, 16);
    out.putLong(1).putInt(FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES).putInt(0);
    return new Action.Answer(out.flip());
  }

  private Action release(long unique) {
    if (openers > 0) {
      openers--;
    }
    ByteBuffer reply = FuseReply.status(unique, 0);
    return openers == 0 ? new Action.LastClose(reply) : new Action.Answer(reply);
  }

  private Action read(ByteBuffer in, long unique) {
    long offset = in.getLong(48);
    int wanted = in.getInt(56);
    if (offset < 0 || wanted < 0 || wanted > MAX_TRANSFER_BYTES) {
      return status(unique, EINVAL);
    }
    int size = (int) Math.max(0, Math.min(wanted, sizeBytes - offset));
    return size == 0 ? status(unique, 0) : new Action.Read(unique, offset, size);
  }

  private Action write(ByteBuffer in, long unique) {
    long offset = in.getLong(48);
    int size = in.getInt(56);
    if (offset < 0 || size < 0 || size != in.remaining() - 80) {
      return status(unique, EINVAL);
    }
    if (offset > sizeBytes - size) {
      return status(unique, ENOSPC);
    }
    byte[] data = new byte[size];
    in.get(80, data);
    return new Action.Write(unique, offset, data);
  }

  private Action fallocate(ByteBuffer in, long unique) {
    long offset = in.getLong(48);
    long length = in.getLong(56);
    int mode = in.getInt(64);
    boolean punches = mode == (FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE);
    boolean zeroes = (mode & ~FALLOC_KEEP_SIZE) == FALLOC_ZERO_RANGE;
    if (!punches && !zeroes) {
      return status(unique, EOPNOTSUPP);
    }
    if (offset < 0 || length <= 0 || offset > sizeBytes) {
      return status(unique, EINVAL);
    }
    long inside = Math.min(length, sizeBytes - offset);
    return inside == 0 ? status(unique, 0) : new Action.Zero(unique, offset, inside, punches);
  }

  private Action statFs(long unique) {
    ByteBuffer out = FuseReply.header(unique, 0, 80);
    int body = FuseReply.HEADER_BYTES;
    out.putInt(body + 40, 4096).putInt(body + 44, 255).putInt(body + 48, 4096);
    return new Action.Answer(out.position(0).limit(body + 80));
  }

  private Action destroy(long unique) {
    initialised = false;
    return status(unique, 0);
  }
}
