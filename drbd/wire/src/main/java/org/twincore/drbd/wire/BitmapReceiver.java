package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Adds the bits that a peer's bitmap packets tell to our own, in order (drbd-wire section 11).
///
/// Any mix of plain and compressed packets is taken. A plain one starts at the 64-bit word that
/// holds the position, so it may repeat bits. Bits behind the device are dropped. One owner at a
/// time; after an exception the transfer is over.
public final class BitmapReceiver {
  /// Whether more packets are due.
  public enum Progress {
    MORE,
    COMPLETE
  }

  private final BitSink sink;
  private final long sizeBits;
  private final Framing framing;
  private long bit;

  /// A transfer into `sink`, a bitmap of `sizeBits`, from packets with the header of `framing`.
  public BitmapReceiver(BitSink sink, long sizeBits, Framing framing) {
    this.sink = sink;
    this.sizeBits = sizeBits;
    this.framing = framing;
  }

  /// Takes a P_BITMAP or P_COMPRESSED_BITMAP. Offsets in the exception count from the start of the
  /// packet's body.
  public Progress accept(Packet.Bytes packet) throws WireFormatException {
    if (packet.type() == PacketType.BITMAP) {
      return plain(packet.bytes());
    }
    if (packet.type() != PacketType.COMPRESSED_BITMAP) {
      throw new IllegalArgumentException(packet.type().wireName());
    }
    if (packet.bytes().length > BitmapChunks.bodyBytesMax(framing)) {
      throw wrongLength(packet.bytes(), BitmapChunks.bodyBytesMax(framing));
    }
    bit = BitmapRuns.decode(packet.bytes(), bit, sizeBits, sink);
    return bit == sizeBits ? Progress.COMPLETE : Progress.MORE;
  }

  /// The bit that the next packet starts with.
  public long position() {
    return bit;
  }

  private Progress plain(byte[] bytes) throws WireFormatException {
    long word = bit >= sizeBits ? BitmapChunks.words(sizeBits) : bit / Long.SIZE;
    int words = BitmapChunks.wordsAt(word, sizeBits, framing);
    if (bytes.length != words * Long.BYTES) {
      throw wrongLength(bytes, words * Long.BYTES);
    }
    if (words == 0) {
      return Progress.COMPLETE;
    }
    ByteBuffer body = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long index = word; index < word + words; index++) {
      long behind = (index + 1) * Long.SIZE - sizeBits;
      long inside = behind > 0 ? -1L >>> behind : -1L;
      sink.orWord(index, body.getLong() & inside);
    }
    bit = Math.min((word + words) * Long.SIZE, sizeBits);
    return Progress.MORE;
  }

  private static WireFormatException wrongLength(byte[] bytes, int expectedBytes) {
    return new WireFormatException(0, expectedBytes + " bytes of bitmap", bytes.length + " bytes");
  }
}
