package org.twincore.host.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/// A connection whose bytes go in blocks that are compressed with LZ4 where that makes them
/// shorter.
///
/// Each side begins with a greeting of 16 bytes; a peer that says anything else is refused. Then
/// blocks follow:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | u32 BE | bytes in the block, 1 to 65536 |
/// | 4 | u32 BE | bytes that follow, at most as many; as many: they are not compressed |
/// | 8 | | the bytes |
final class Lz4Channel implements PeerChannel {
  private static final byte[] GREETING = "TWINCORE LZ4 1\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final int BLOCK_BYTES_MAX = 1 << 16;
  private static final int HEAD_BYTES = 8;

  /// Acknowledgements and the like: not worth the while.
  private static final int COMPRESSED_BYTES_MIN = 128;

  private static final LZ4Factory LZ4 = LZ4Factory.safeInstance();

  private final PeerChannel below;

  // Of the reader: bytes as they came, and the block that is being read (both to be read).
  private final LZ4SafeDecompressor decompressor = LZ4.safeDecompressor();
  private final ByteBuffer received = ByteBuffer.allocate(4 * BLOCK_BYTES_MAX).limit(0);
  private final Unwrapped unwrapped = new Unwrapped(BLOCK_BYTES_MAX);

  // Of the writer: the next block, and what goes out (to be read).
  private final LZ4Compressor compressor = LZ4.fastCompressor();
  private final byte[] block = new byte[BLOCK_BYTES_MAX];
  private final ByteBuffer out =
      ByteBuffer.allocate(HEAD_BYTES + LZ4.fastCompressor().maxCompressedLength(BLOCK_BYTES_MAX))
          .limit(0);

  Lz4Channel(PeerChannel below) {
    this.below = below;
  }

  @Override
  public SocketChannel socket() {
    return below.socket();
  }

  /// Exchanges greetings. Throws if the peer does not compress.
  void greet(Patience patience) throws IOException {
    try {
      exchange(patience);
    } catch (IOException failed) {
      throw new IOException("no LZ4 with the peer: " + failed.getMessage(), failed);
    }
  }

  private void exchange(Patience patience) throws IOException {
    ByteBuffer mine = ByteBuffer.wrap(GREETING);
    while (mine.hasRemaining() || below.hasUnsent()) {
      if (below.write(mine) == 0) {
        patience.untilWritable();
      }
    }
    byte[] theirs = new byte[GREETING.length];
    ByteBuffer into = ByteBuffer.wrap(theirs);
    while (into.hasRemaining()) {
      int got = below.read(into);
      if (got < 0) {
        throw new IOException("closed by the peer, which perhaps does not compress");
      }
      if (!Arrays.equals(theirs, 0, into.position(), GREETING, 0, into.position())) {
        throw new IOException("it does not compress; set 'compression' on both nodes alike");
      }
      if (got == 0) {
        patience.untilReadable();
      }
    }
  }

  // ---- in

  @Override
  public int read(ByteBuffer into) throws IOException {
    return unwrapped.read(into, this::nextBlock);
  }

  /// 1 if there is one in `plain`, 0 if it has not come yet, -1 at the end.
  private int nextBlock() throws IOException {
    while (!hasWholeBlock()) {
      received.compact();
      int got;
      try {
        got = below.read(received);
      } finally {
        received.flip();
      }
      if (got <= 0) {
        return got;
      }
    }
    int blockBytes = received.getInt();
    int storedBytes = received.getInt();
    ByteBuffer plain = unwrapped.bytes;
    plain.clear();
    if (storedBytes == blockBytes) {
      received.get(plain.array(), 0, blockBytes);
    } else {
      decompress(blockBytes, storedBytes, plain.array());
    }
    plain.limit(blockBytes);
    return 1;
  }

  private void decompress(int blockBytes, int storedBytes, byte[] into) throws IOException {
    int at = received.arrayOffset() + received.position();
    try {
      int got = decompressor.decompress(received.array(), at, storedBytes, into, 0, blockBytes);
      if (got != blockBytes) {
        throw new IOException("a compressed block of %d bytes has %d".formatted(blockBytes, got));
      }
    } catch (LZ4Exception wrong) {
      throw new IOException("a compressed block cannot be read: " + wrong.getMessage(), wrong);
    }
    received.position(received.position() + storedBytes);
  }

  /// Checks the head before anything is believed.
  private boolean hasWholeBlock() throws IOException {
    if (received.remaining() < HEAD_BYTES) {
      return false;
    }
    int blockBytes = received.getInt(received.position());
    int storedBytes = received.getInt(received.position() + 4);
    boolean isSane =
        blockBytes > 0
            && blockBytes <= BLOCK_BYTES_MAX
            && storedBytes > 0
            && storedBytes <= blockBytes;
    if (!isSane) {
      throw new IOException(
          "a block of %d bytes stored in %d; 1 to %d expected"
              .formatted(blockBytes, storedBytes, BLOCK_BYTES_MAX));
    }
    return received.remaining() >= HEAD_BYTES + storedBytes;
  }

  // ---- out

  @Override
  public int write(ByteBuffer from) throws IOException {
    int sent = below.write(out);
    while (from.hasRemaining() && !hasUnsent()) {
      compress(from);
      sent += below.write(out);
    }
    return sent;
  }

  private void compress(ByteBuffer from) {
    int blockBytes = Math.min(from.remaining(), BLOCK_BYTES_MAX);
    from.get(block, 0, blockBytes);
    out.clear();
    int storedBytes = blockBytes;
    if (blockBytes >= COMPRESSED_BYTES_MIN) {
      storedBytes = compressor.compress(block, 0, blockBytes, out.array(), HEAD_BYTES);
    }
    if (storedBytes >= blockBytes) {
      storedBytes = blockBytes;
      System.arraycopy(block, 0, out.array(), HEAD_BYTES, blockBytes);
    }
    out.putInt(blockBytes).putInt(storedBytes).position(0).limit(HEAD_BYTES + storedBytes);
  }

  @Override
  public boolean hasUnsent() {
    return out.hasRemaining() || below.hasUnsent();
  }
}
