package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes the packets that tell a peer one volume's bitmap, in order (drbd-wire section 11).
///
/// ```
/// RUNS_OR_PLAIN --runs reach the end--> DONE
/// RUNS_OR_PLAIN --words reach the end--> EMPTY --P_BITMAP of 0 bytes--> DONE
/// ```
///
/// Each packet is compressed if that is allowed and shorter. Bits that the source gains behind the
/// position while the transfer runs are sent too; those before it are not. One owner at a time.
public final class BitmapSender {
  /// Whether packets may be compressed.
  public enum Encoding {
    PLAIN,
    /// `use-rle`; the peer speaks protocol 90 or later.
    RUNS
  }

  private final BitSource source;
  private final Encoding encoding;
  private final Framing framing;
  private long bit;
  private boolean isDone;

  /// A transfer of all of `source`, in packets with the header of `framing`.
  public BitmapSender(BitSource source, Encoding encoding, Framing framing) {
    this.source = source;
    this.encoding = encoding;
    this.framing = framing;
  }

  /// The next packet, P_BITMAP or P_COMPRESSED_BITMAP; empty when all were handed out.
  public Optional<Packet.Bytes> next() {
    if (isDone) {
      return Optional.empty();
    }
    BitmapRuns.@Nullable Encoded runs =
        encoding == Encoding.RUNS && bit < source.sizeBits()
            ? BitmapRuns.encode(source, bit, BitmapChunks.bodyBytesMax(framing))
            : null;
    if (runs == null) {
      return Optional.of(plain());
    }
    bit = runs.endBit();
    isDone = bit >= source.sizeBits();
    return Optional.of(new Packet.Bytes(PacketType.COMPRESSED_BITMAP, runs.body()));
  }

  /// The bit that the next packet starts with.
  public long position() {
    return bit;
  }

  private Packet.Bytes plain() {
    long size = source.sizeBits();
    // At the end of a bitmap whose size is no multiple of 64 the position is inside the last word.
    long word = bit >= size ? BitmapChunks.words(size) : bit / Long.SIZE;
    int words = BitmapChunks.wordsAt(word, size, framing);
    ByteBuffer body = ByteBuffer.allocate(words * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < words; i++) {
      body.putLong(source.word(word + i));
    }
    bit = Math.min((word + words) * Long.SIZE, size);
    isDone = words == 0;
    return new Packet.Bytes(PacketType.BITMAP, body.array());
  }
}
