package org.twincore.cli.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/// Looks at the data areas of two disk files from outside.
final class Blocks {
  private static final int CHUNK_BYTES = 1 << 20;

  private Blocks() {}

  /// How many 4 KiB blocks of the first `bytes` bytes differ.
  static long differing(Path one, Path other, long bytes) throws IOException {
    long differing = 0;
    try (FileChannel first = FileChannel.open(one, StandardOpenOption.READ);
        FileChannel second = FileChannel.open(other, StandardOpenOption.READ)) {
      for (long at = 0; at < bytes; at += CHUNK_BYTES) {
        int length = (int) Math.min(CHUNK_BYTES, bytes - at);
        byte[] left = read(first, at, length);
        byte[] right = read(second, at, length);
        for (int block = 0; block < length; block += Stamp.BLOCK_BYTES) {
          int end = Math.min(length, block + Stamp.BLOCK_BYTES);
          if (!Arrays.equals(left, block, end, right, block, end)) {
            differing++;
          }
        }
      }
    }
    return differing;
  }

  /// SHA-256 of the first `bytes` bytes, in hex.
  static String sha256(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < bytes; at += CHUNK_BYTES) {
        digest.update(read(channel, at, (int) Math.min(CHUNK_BYTES, bytes - at)));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] read(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new IOException("the file ends at byte " + (at + buffer.position()));
      }
    }
    return buffer.array();
  }
}
