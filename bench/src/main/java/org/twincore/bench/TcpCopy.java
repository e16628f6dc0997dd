package org.twincore.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What a sync is compared with: the same file read, sent over one loopback connection and written
/// to another file that has all its blocks, with nothing else done.
final class TcpCopy {
  private static final int CHUNK_BYTES = 1 << 20;

  private TcpCopy() {}

  static double mbPerSecond(Path file, Path folder) throws IOException {
    Path copy = folder.resolve("copy.disk");
    try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ);
        ServerSocketChannel listening = ServerSocketChannel.open()) {
      DiskFiles.fill(copy, from.size());
      listening.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
      AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
      long start = System.nanoTime();
      Thread sender =
          Thread.ofPlatform()
              .name("sender")
              .start(() -> {
                try (SocketChannel to = SocketChannel.open(listening.getLocalAddress())) {
                  move(from, to);
                } catch (IOException failed) {
                  failure.set(failed);
                }
              });
      try (SocketChannel got = listening.accept();
          FileChannel to = FileChannel.open(copy, StandardOpenOption.WRITE)) {
        move(got, to);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      sender.join();
      if (failure.get() instanceof IOException failed) {
        throw failed;
      }
      return from.size() / 1e6 / seconds;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void move(
      java.nio.channels.ReadableByteChannel from, java.nio.channels.WritableByteChannel to)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
    while (from.read(buffer) >= 0) {
      buffer.flip();
      while (buffer.hasRemaining()) {
        to.write(buffer);
      }
      buffer.clear();
    }
  }
}
