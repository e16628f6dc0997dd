package org.twincore.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Queue;
import org.twincore.host.fuse.DevFuse;
import org.twincore.host.fuse.FuseStorage;

/// A disk that can be made to hang: a FUSE file over a backing file, whose requests are kept when
/// it is told to, and carried out late, in order, when it is told so.
///
/// Run as `StallingDisk MOUNT-FILE BACKING-FILE`; prints `ready` when it serves. Its standard input
/// takes `stall`, `go` and `held`, each answered with the number of requests that are kept. Ends
/// when its input does.
public final class StallingDisk implements FuseStorage {
  private static final int EIO = 5;

  /// What is done to the backing file, or not, sooner or later.
  private interface Work {
    void run() throws IOException;
  }

  private final FileChannel backing;
  private final Queue<Runnable> held = new ArrayDeque<>();
  private boolean isStalled;

  private StallingDisk(FileChannel backing) {
    this.backing = backing;
  }

  public static void main(String[] arguments) throws Exception {
    Path mountFile = Path.of(arguments[0]);
    try (FileChannel backing =
            FileChannel.open(
                Path.of(arguments[1]), StandardOpenOption.READ, StandardOpenOption.WRITE);
        BufferedReader words =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      StallingDisk disk = new StallingDisk(backing);
      DevFuse.removeStale(mountFile);
      DevFuse mounted = DevFuse.mount(mountFile, backing.size(), disk);
      System.out.println("ready");
      for (String word = words.readLine(); word != null; word = words.readLine()) {
        System.out.println(disk.obey(word));
      }
      disk.obey("go");
      mounted.close();
    }
  }

  private synchronized int obey(String word) {
    int kept = held.size();
    if (!word.equals("held")) {
      isStalled = word.equals("stall");
    }
    if (word.equals("go")) {
      held.forEach(Runnable::run);
      held.clear();
    }
    return kept;
  }

  private synchronized void take(Runnable request) {
    if (isStalled) {
      held.add(request);
    } else {
      request.run();
    }
  }

  private static void carryOut(Work work, Done done) {
    int errno = 0;
    try {
      work.run();
    } catch (IOException failed) {
      errno = EIO;
    }
    done.done(errno);
  }

  @Override
  public void read(long offsetBytes, int sizeBytes, ReadDone done) {
    take(() -> {
      ByteBuffer data = ByteBuffer.allocate(sizeBytes);
      try {
        while (data.hasRemaining() && backing.read(data, offsetBytes + data.position()) >= 0) {
          // until all is there
        }
      } catch (IOException failed) {
        done.failed(EIO);
        return;
      }
      done.read(data.clear());
    });
  }

  @Override
  public void write(long offsetBytes, byte[] data, Done done) {
    take(() -> carryOut(() -> put(offsetBytes, ByteBuffer.wrap(data)), done));
  }

  private void put(long offsetBytes, ByteBuffer data) throws IOException {
    while (data.hasRemaining()) {
      backing.write(data, offsetBytes + data.position());
    }
  }

  @Override
  public void sync(Done done) {
    take(() -> carryOut(() -> backing.force(false), done));
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes, boolean mayUnmap, Done done) {
    take(() ->
        carryOut(() -> put(offsetBytes, ByteBuffer.allocate(Math.toIntExact(lengthBytes))), done));
  }
}
