package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Chunks of a bitmap that are not what is left of it (`receive_bitmap_plain`, `recv_bm_rle_bits`):
/// the transfer ends, and no bit behind the device is ever set.
class BitmapReceiverTest {
  private static final long BITS = 100;
  private static final int WORD_BYTES = 8;

  private final Sink sink = new Sink();

  /// The bits that were set.
  private static final class Sink implements BitSink {
    private final BitSet bits = new BitSet();

    @Override
    public void setRange(long from, long to) {
      bits.set((int) from, (int) to);
    }

    @Override
    public void orWord(long index, long word) {
      for (int bit = 0; bit < Long.SIZE; bit++) {
        if ((word >>> bit & 1) != 0) {
          bits.set((int) index * Long.SIZE + bit);
        }
      }
    }
  }

  private BitmapReceiver receiver(long sizeBits, Framing framing) {
    return new BitmapReceiver(sink, sizeBits, framing);
  }

  private static Packet.Bytes plain(int bytes) {
    byte[] all = new byte[bytes];
    Arrays.fill(all, (byte) -1);
    return new Packet.Bytes(PacketType.BITMAP, all);
  }

  private static Packet.Bytes runs(String hex) {
    return new Packet.Bytes(PacketType.COMPRESSED_BITMAP, HexFormat.of().parseHex(hex));
  }

  // ---- plain

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 15, 17, 24, 4080})
  void aPlainChunkOfAnotherLengthIsRefused(int bytes) {
    BitmapReceiver receiver = receiver(BITS, Framing.H100);
    assertThatThrownBy(() -> receiver.accept(plain(bytes)))
        .isInstanceOf(WireFormatException.class)
        .hasMessageContaining("expected 16 bytes of bitmap, found " + bytes + " bytes");
    assertThat(sink.bits.isEmpty()).isTrue();
  }

  @Test
  void bitsBehindTheDeviceAreDropped() throws Exception {
    BitmapReceiver receiver = receiver(BITS, Framing.H100);
    assertThat(receiver.accept(plain(16))).isEqualTo(BitmapReceiver.Progress.MORE);
    assertThat(sink.bits.cardinality()).isEqualTo((int) BITS);
    assertThat(sink.bits.length()).isEqualTo((int) BITS);
    assertThat(receiver.accept(plain(0))).isEqualTo(BitmapReceiver.Progress.COMPLETE);
  }

  /// A chunk and a half: each part has one length, which the header decides, and so has the end.
  @ParameterizedTest
  @CsvSource({"H80, 4088", "H95, 4088", "H100, 4080"})
  void eachChunkHasOneLength(Framing framing, int whole) throws Exception {
    int rest = 2000;
    long bits = (long) (whole + rest) * Byte.SIZE;
    int[] due = {whole, rest, 0};
    for (int at = 0; at < due.length; at++) {
      for (int wrong : new int[] {due[at] - WORD_BYTES, due[at] + 1, due[at] + WORD_BYTES}) {
        BitmapReceiver receiver = receiver(bits, framing);
        for (int before = 0; before < at; before++) {
          receiver.accept(plain(due[before]));
        }
        if (wrong >= 0) {
          String message = "expected " + due[at] + " bytes of bitmap, found " + wrong + " bytes";
          assertThatThrownBy(() -> receiver.accept(plain(wrong))).hasMessageContaining(message);
        }
      }
    }
    BitmapReceiver receiver = receiver(bits, framing);
    assertThat(receiver.accept(plain(whole))).isEqualTo(BitmapReceiver.Progress.MORE);
    assertThat(receiver.accept(plain(rest))).isEqualTo(BitmapReceiver.Progress.MORE);
    assertThat(receiver.accept(plain(0))).isEqualTo(BitmapReceiver.Progress.COMPLETE);
  }

  // ---- run lengths

  /// 100 set bits: 14 bits of code, two of padding.
  @Test
  void aRunUpToTheLastBitCompletes() throws Exception {
    assertThat(receiver(BITS, Framing.H100).accept(runs("a2df0c")))
        .isEqualTo(BitmapReceiver.Progress.COMPLETE);
    assertThat(sink.bits.cardinality()).isEqualTo((int) BITS);
  }

  /// Set or clear; the kernel looks at runs of set bits only, and finds the others too long later.
  @ParameterizedTest
  @ValueSource(strings = {"a21f0d", "221f0d"})
  void aRunOfOneBitMoreIsRefused(String hex) {
    assertThatThrownBy(() -> receiver(BITS, Framing.H100).accept(runs(hex)))
        .isInstanceOf(WireFormatException.class)
        .hasMessageContaining("at byte 1: expected a run of at most 100 bits, found one of 101");
    assertThat(sink.bits.isEmpty()).isTrue();
  }

  /// 8 bytes of code word, of which nothing in a device comes near.
  @Test
  void theLongestRunThatThereIsIsRefused() {
    assertThatThrownBy(
            () -> receiver(BITS, Framing.H100).accept(runs("82" + "ff".repeat(WORD_BYTES))))
        .hasMessageContaining("found one of " + Vli.RUN_MAX);
    assertThat(sink.bits.isEmpty()).isTrue();
  }

  /// One bit is set behind the 100, in the same chunk or in the next.
  @Test
  void aRunBehindTheLastBitIsRefused() throws Exception {
    assertThatThrownBy(() -> receiver(BITS, Framing.H100).accept(runs("82df0c")))
        .hasMessageContaining("at byte 2: expected a run of at most 0 bits, found one of 1");
    assertThat(sink.bits.length()).isEqualTo((int) BITS);
    BitmapReceiver whole = receiver(BITS, Framing.H100);
    whole.accept(runs("a2df0c"));
    assertThatThrownBy(() -> whole.accept(runs("e200")))
        .hasMessageContaining("expected a run of at most 0 bits, found one of 1");
  }

  /// The second byte of its code is missing, or is said to be padding.
  @ParameterizedTest
  @CsvSource({"82df, 14, 8", "f2df0c, 14, 9", "f200, 2, 1", "827f, 29, 8", "82ff, 64, 8"})
  void aCodeWordThatBreaksOffIsRefused(String hex, int bits, int left) {
    assertThatThrownBy(() -> receiver(BITS, Framing.H100).accept(runs(hex)))
        .isInstanceOf(WireFormatException.class)
        .hasMessageContaining(
            "at byte 1: expected a code word of %d bits, found %d bits".formatted(bits, left));
    assertThat(sink.bits.isEmpty()).isTrue();
  }

  /// The other codes were given up before 8.4.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 7, 15})
  void anotherCodeIsRefused(int code) {
    String hex = "%02xdf0c".formatted(0xa0 | code);
    assertThatThrownBy(() -> receiver(BITS, Framing.H100).accept(runs(hex)))
        .hasMessageContaining("at byte 0: expected bitmap code 2, found code " + code);
    assertThat(sink.bits.isEmpty()).isTrue();
  }

  /// With the flag of the first run upside down it is 100 clear bits, and no bit is set.
  @Test
  void theFirstRunIsWhatItsFlagSays() throws Exception {
    assertThat(receiver(BITS, Framing.H100).accept(runs("22df0c")))
        .isEqualTo(BitmapReceiver.Progress.COMPLETE);
    assertThat(sink.bits.isEmpty()).isTrue();
  }

  /// The decoder takes what fits behind the shortest header.
  @Test
  void moreThanOneBufferOfRunsIsRefused() {
    Packet.Bytes most = new Packet.Bytes(PacketType.COMPRESSED_BITMAP, new byte[4081]);
    assertThatThrownBy(() -> receiver(1 << 20, Framing.H100).accept(most))
        .hasMessageContaining("expected 4080 bytes of bitmap, found 4081 bytes");
    assertThat(sink.bits.isEmpty()).isTrue();
  }
}
