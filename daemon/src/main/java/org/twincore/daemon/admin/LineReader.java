package org.twincore.daemon.admin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Cuts bytes into lines of limited length.
final class LineReader {
  private static final int FIRST_BYTES = 8 << 10;

  private final ReadableByteChannel channel;
  private final int lineMaxBytes;
  private byte[] buffer = new byte[FIRST_BYTES];
  private int start;
  private int end;

  LineReader(ReadableByteChannel channel, int lineMaxBytes) {
    this.channel = channel;
    this.lineMaxBytes = lineMaxBytes;
  }

  /// The next line without its end, or null at the end of the stream; an unfinished last line is
  /// dropped.
  @Nullable String next() throws IOException {
    int searched = start;
    while (true) {
      for (; searched < end; searched++) {
        if (buffer[searched] == '\n') {
          String line = new String(buffer, start, searched - start, StandardCharsets.UTF_8);
          start = searched + 1;
          return line;
        }
      }
      searched -= start;
      makeRoom();
      int got = channel.read(ByteBuffer.wrap(buffer, end, buffer.length - end));
      if (got < 0) {
        return null;
      }
      end += got;
    }
  }

  private void makeRoom() throws IOException {
    System.arraycopy(buffer, start, buffer, 0, end - start);
    end -= start;
    start = 0;
    if (end == buffer.length) {
      if (end >= lineMaxBytes) {
        throw new IOException("a line of more than " + lineMaxBytes + " bytes");
      }
      buffer = Arrays.copyOf(buffer, Math.min(buffer.length * 2, lineMaxBytes));
    }
  }
}
