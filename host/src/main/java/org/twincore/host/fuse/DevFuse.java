package org.twincore.host.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.twincore.fuse.DiskFileSession;
import org.twincore.fuse.DiskFileSession.Action;
import org.twincore.fuse.FuseReply;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;
import org.twincore.host.linux.ProcessMemory;
import org.twincore.host.linux.SysMount;

/// One mounted file. A platform thread reads requests; replies are written by whoever finishes
/// them, each with one `write(2)`, so no reply waits for another.
///
/// When this process dies the kernel aborts the mount: everything above it gets an error at once,
/// and only an empty mount point is left, which [#removeStale] takes away. The same happens to
/// whoever still has the file open at [#close]. Requests that the storage has not finished by then
/// may finish later: /dev/fuse stays open for their answers, which the kernel ignores.
public final class DevFuse implements AutoCloseable {
  private static final Logger LOG = System.getLogger(DevFuse.class.getName());
  private static final int REPLY_BUFFER_BYTES =
      DiskFileSession.MAX_TRANSFER_BYTES + FuseReply.HEADER_BYTES;
  private static final String FILE_SYSTEM_TYPE = "fuse.twincore";

  private final Path file;

  /// Guarded by `holds`: open until the mount and every request handed to the storage are done.
  private final Descriptor device;

  private final AtomicInteger holds = new AtomicInteger(1);

  /// Guarded by itself.
  private final DiskFileSession session;

  private final FuseStorage storage;
  private final Arena memory = Arena.ofAuto();
  private final ConcurrentLinkedQueue<MemorySegment> replyBuffers = new ConcurrentLinkedQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile CountDownLatch released = new CountDownLatch(0);

  private DevFuse(Path file, Descriptor device, DiskFileSession session, FuseStorage storage) {
    this.file = file;
    this.device = device;
    this.session = session;
    this.storage = storage;
  }

  /// Mounts a file of `sizeBytes` over the regular file `file` (made if missing) and serves it.
  public static DevFuse mount(Path file, long sizeBytes, FuseStorage storage) throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(file);
    }
    Descriptor device = Descriptor.open("/dev/fuse", Descriptor.O_RDWR);
    try {
      SysMount.mount(
          "twincore",
          file.toString(),
          FILE_SYSTEM_TYPE,
          SysMount.MS_NOSUID | SysMount.MS_NODEV,
          "fd="
              + device.number()
              + ",rootmode=100000,user_id=0,group_id=0,max_read="
              + DiskFileSession.MAX_TRANSFER_BYTES);
    } catch (LinuxException failed) {
      device.close();
      throw failed;
    }
    DevFuse mounted = new DevFuse(file, device, new DiskFileSession(sizeBytes), storage);
    Thread.ofPlatform().name("fuse-" + file.getFileName()).daemon().start(mounted::serve);
    return mounted;
  }

  private void serve() {
    ProcessMemory.tryBecomeIoFlusher();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(DiskFileSession.REQUEST_BUFFER_BYTES, 4096);
      ByteBuffer view = buffer.asByteBuffer().order(ByteOrder.nativeOrder());
      while (true) {
        long got = device.tryRead(buffer);
        if (got >= 0) {
          Action action;
          synchronized (session) {
            action = session.handle(view.duplicate().position(0).limit((int) got));
          }
          carryOut(action);
        } else if (got == -Errno.ENODEV) {
          return; // unmounted
        } else if (got != -Errno.EINTR && got != -Errno.EAGAIN && got != -Errno.ENOENT) {
          LOG.log(Level.ERROR, "fuse={0} read errno={1}", file, -got);
          return;
        }
      }
    } finally {
      released.countDown();
      ended.countDown();
    }
  }

  private void carryOut(Action action) {
    switch (action) {
      case Action.Answer(ByteBuffer reply) -> {
        armRelease();
        send(reply);
      }
      case Action.LastClose(ByteBuffer reply) -> {
        released.countDown();
        send(reply);
      }
      case Action.Read(long unique, long offset, int size) -> {
        holds.incrementAndGet();
        storage.read(offset, size, new ReadReply(unique));
      }
      case Action.Write(long unique, long offset, byte[] data) -> {
        holds.incrementAndGet();
        int size = data.length;
        storage.write(offset, data, errno -> finish(written(unique, size, errno)));
      }
      case Action.Sync(long unique) -> {
        holds.incrementAndGet();
        storage.sync(errno -> finish(FuseReply.status(unique, errno)));
      }
      case Action.Zero(long unique, long offset, long length, boolean mayUnmap) -> {
        holds.incrementAndGet();
        storage.zero(offset, length, mayUnmap, errno -> finish(FuseReply.status(unique, errno)));
      }
      case Action.Ignore() -> {}
      case Action.Broken(String why) -> LOG.log(Level.ERROR, "fuse={0} {1}", file, why);
    }
  }

  private static ByteBuffer written(long unique, int sizeBytes, int errno) {
    return errno == 0 ? FuseReply.written(unique, sizeBytes) : FuseReply.status(unique, errno);
  }

  /// A first open after the last close makes the file busy again.
  private void armRelease() {
    if (openers() > 0 && released.getCount() == 0) {
      released = new CountDownLatch(1);
    }
  }

  private int openers() {
    synchronized (session) {
      return session.openers();
    }
  }

  private final class ReadReply implements FuseStorage.ReadDone {
    private final long unique;

    ReadReply(long unique) {
      this.unique = unique;
    }

    @Override
    public void read(ByteBuffer... pieces) {
      MemorySegment buffer = takeBuffer();
      ByteBuffer view = buffer.asByteBuffer().order(ByteOrder.nativeOrder());
      view.position(FuseReply.HEADER_BYTES);
      for (ByteBuffer piece : pieces) {
        view.put(piece);
      }
      int length = view.position() - FuseReply.HEADER_BYTES;
      FuseReply.putReadHeader(view.position(0), unique, length);
      write(buffer, FuseReply.HEADER_BYTES + length);
      giveBuffer(buffer);
      letGo();
    }

    @Override
    public void failed(int errno) {
      finish(FuseReply.status(unique, errno));
    }
  }

  /// Answers a request that the storage had.
  private void finish(ByteBuffer reply) {
    send(reply);
    letGo();
  }

  private void letGo() {
    if (holds.decrementAndGet() == 0) {
      device.close();
    }
  }

  private void send(ByteBuffer reply) {
    MemorySegment buffer = takeBuffer();
    buffer.asByteBuffer().put(reply.duplicate());
    write(buffer, reply.remaining());
    giveBuffer(buffer);
  }

  private MemorySegment takeBuffer() {
    MemorySegment kept = replyBuffers.poll();
    return kept != null ? kept : memory.allocate(REPLY_BUFFER_BYTES, 4096);
  }

  private void giveBuffer(MemorySegment buffer) {
    replyBuffers.add(buffer);
  }

  private void write(MemorySegment buffer, long length) {
    long put = device.tryWrite(buffer, length);
    if (put < 0 && put != -Errno.ENOENT) { // ENOENT: the request was interrupted meanwhile
      LOG.log(Level.DEBUG, "fuse={0} write errno={1}", file, -put);
    }
  }

  /// The mounted file, to put a loop device over.
  public Path file() {
    return file;
  }

  /// The storage grew (or shrank): the file has its new size for everybody when this returns.
  public void resize(long newSizeBytes) throws IOException {
    synchronized (session) {
      session.resize(newSizeBytes);
    }
    send(FuseReply.invalidate(DiskFileSession.NODE_ID));
    // Some kernels take a loop device's size from the inode, which only asking brings up to date.
    long seen = Files.size(file);
    if (seen != newSizeBytes) {
      throw new IOException(file + " shows " + seen + " bytes instead of " + newSizeBytes);
    }
  }

  /// Waits until nobody has the file open; false if that takes longer.
  public boolean awaitReleased(long timeoutMillis) throws InterruptedException {
    return released.await(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /// Unmounts and ends the thread. Whoever still has the file open gets errors, at once.
  @Override
  public void close() throws IOException {
    try {
      SysMount.unmount(file.toString(), SysMount.MNT_FORCE | SysMount.MNT_DETACH);
      if (!ended.await(5, TimeUnit.SECONDS)) {
        LOG.log(Level.WARNING, "fuse={0} the kernel did not let go of it", file);
        return; // closing a descriptor that a thread reads from would only hide it
      }
      letGo();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /// Takes away the mount of a process that died; does nothing where there is none.
  public static void removeStale(Path file) throws IOException {
    String mounted = " " + file + " " + FILE_SYSTEM_TYPE + " ";
    for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
      if (line.contains(mounted)) {
        SysMount.unmount(file.toString(), SysMount.MNT_FORCE | SysMount.MNT_DETACH);
      }
    }
    Files.deleteIfExists(file);
  }
}
