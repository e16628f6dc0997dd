package org.twincore.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.TreeMap;
import org.twincore.host.fuse.DevFuse;
import org.twincore.host.fuse.FuseStorage;

/// A disk with a write cache that forgets: a FUSE file over a backing file, which keeps everything
/// written since the last flush in its own memory only.
///
/// Kill the process and the backing file holds exactly what was flushed: a power cut. Run as
/// `VolatileDisk MOUNT-FILE BACKING-FILE`; prints `ready` when it serves. Ends when its standard
/// input does.
public final class VolatileDisk implements FuseStorage {
  private static final int SECTOR_BYTES = 512;

  private final FileChannel backing;
  private final TreeMap<Long, byte[]> unflushed = new TreeMap<>(); // by sector

  private VolatileDisk(FileChannel backing) {
    this.backing = backing;
  }

  public static void main(String[] arguments) throws Exception {
    Path backingFile = Path.of(arguments[1]);
    try (FileChannel backing =
        FileChannel.open(backingFile, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      DevFuse.removeStale(Path.of(arguments[0]));
      DevFuse mounted =
          DevFuse.mount(Path.of(arguments[0]), backing.size(), new VolatileDisk(backing));
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // only the end of the input matters
      }
      mounted.close();
    }
  }

  @Override
  public synchronized void read(long offsetBytes, int sizeBytes, ReadDone done) {
    try {
      byte[] data = new byte[sizeBytes];
      readBacking(ByteBuffer.wrap(data), offsetBytes);
      long first = offsetBytes / SECTOR_BYTES;
      long end = (offsetBytes + sizeBytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
      unflushed
          .subMap(first, end)
          .forEach((sector, bytes) -> overlay(data, sector * SECTOR_BYTES - offsetBytes, bytes));
      done.read(ByteBuffer.wrap(data));
    } catch (IOException failed) {
      done.failed(5);
    }
  }

  private void readBacking(ByteBuffer into, long offsetBytes) throws IOException {
    while (into.hasRemaining()) {
      if (backing.read(into, offsetBytes + into.position()) < 0) {
        return;
      }
    }
  }

  private static void overlay(byte[] data, long at, byte[] bytes) {
    int from = (int) Math.max(0, -at);
    int length = (int) Math.min(bytes.length - from, data.length - (at + from));
    if (length > 0) {
      System.arraycopy(bytes, from, data, (int) (at + from), length);
    }
  }

  @Override
  public synchronized void write(long offsetBytes, byte[] data, Done done) {
    if (offsetBytes % SECTOR_BYTES != 0 || data.length % SECTOR_BYTES != 0) {
      done.done(22);
      return;
    }
    for (int at = 0; at < data.length; at += SECTOR_BYTES) {
      byte[] sector = new byte[SECTOR_BYTES];
      System.arraycopy(data, at, sector, 0, SECTOR_BYTES);
      unflushed.put((offsetBytes + at) / SECTOR_BYTES, sector);
    }
    done.done(0);
  }

  @Override
  public synchronized void sync(Done done) {
    try {
      for (var entry : unflushed.entrySet()) {
        ByteBuffer bytes = ByteBuffer.wrap(entry.getValue());
        long at = entry.getKey() * SECTOR_BYTES;
        while (bytes.hasRemaining()) {
          backing.write(bytes, at + bytes.position());
        }
      }
      unflushed.clear();
      backing.force(false);
      done.done(0);
    } catch (IOException failed) {
      done.done(5);
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes, boolean mayUnmap, Done done) {
    int pieceMax = 1 << 20;
    for (long at = 0; at < lengthBytes; at += pieceMax) {
      int piece = (int) Math.min(pieceMax, lengthBytes - at);
      write(offsetBytes + at, new byte[piece], _ -> {});
    }
    done.done(0);
  }
}
