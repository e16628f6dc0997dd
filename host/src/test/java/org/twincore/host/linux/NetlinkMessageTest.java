package org.twincore.host.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Bytes as the headers of Linux lay them out on a little-endian machine.
class NetlinkMessageTest {
  @BeforeAll
  static void theBytesAreThoseOfALittleEndianMachine() {
    Assumptions.assumeTrue(
        ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN, "the machine is big-endian");
  }

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex.replaceAll("\\s", "")))
        .order(ByteOrder.nativeOrder());
  }

  private static String hex(ByteBuffer bytes) {
    byte[] all = new byte[bytes.remaining()];
    bytes.get(all);
    return HexFormat.of().formatHex(all);
  }

  @Test
  void asksForTheListOfAllFamilies() {
    var message = new NetlinkMessage.OfFamily(0x10, 1, 3, NetlinkAttributes.NONE);
    assertThat(hex(NetlinkMessage.request(message, NetlinkMessage.NLM_F_DUMP, 1)))
        .isEqualTo("14000000" + "1000" + "0103" + "01000000" + "00000000" + "03010000");
  }

  @Test
  void readsAFamilyAndTheEndOfTheList() throws NetlinkFormatException {
    // Behind the u16 stand two bytes of padding.
    List<NetlinkMessage> said =
        NetlinkMessage.decodeAll(
            bytes(
                """
                2c000000 1000 0200 07000000 39300000 01 02 0000
                0800 0200 6e626400
                0600 0100 2700 0000
                0800 0300 01000000
                14000000 0300 0200 07000000 39300000 00000000
                """));
    assertThat(said).hasSize(2);
    var first = (NetlinkMessage.OfFamily) said.get(0);
    assertThat(first.sequence()).isEqualTo(7);
    assertThat(first.attributes().text(2)).contains("nbd");
    assertThat(first.attributes().number(1)).hasValue(0x27);
    assertThat(first.attributes().number(3)).hasValue(1);
    assertThat(first.attributes().number(4)).isEmpty();
    assertThat(said.get(1)).isEqualTo(new NetlinkMessage.Ended(7, 0));
  }

  /// `struct nlmsgerr`: minus errno, then the head of the request.
  @Test
  void readsARefusal() throws NetlinkFormatException {
    String busy =
        "24000000 0200 0000 02000000 39300000 f0ffffff 20000000 2700 0500 02000000 00000000";
    assertThat(NetlinkMessage.decodeAll(bytes(busy)))
        .containsExactly(new NetlinkMessage.Ended(2, Errno.EBUSY));
  }

  @Test
  void tellsTheKernelOfADevice() {
    var device = new NbdNetlink.Device("/r/drbd0.1", 1 << 20, 512, 0x6d);
    NetlinkAttributes attributes = NbdNetlink.connectAttributes(device, 9);
    ByteBuffer out = ByteBuffer.allocate(attributes.encodedBytes()).order(ByteOrder.nativeOrder());
    attributes.encode(out);
    assertThat(hex(out.flip()))
        .isEqualTo(
            "0c000200"
                + "0000100000000000" // size
                + "0c000300"
                + "0002000000000000" // block
                + "0c000500"
                + "6d00000000000000" // server flags
                + "0c000600"
                + "0000000000000000" // client flags
                + "0c000800"
                + "0000000000000000" // dead connection
                + "0f000a00"
                + "2f722f64726264302e310000" // backend
                + "10000780"
                + "0c000180"
                + "08000100"
                + "09000000"); // sockets
  }

  @Test
  void findsNestedAttributesAgain() throws NetlinkFormatException {
    NetlinkAttributes inside = NetlinkAttributes.NONE.andU32(1, 5).andText(2, "five");
    NetlinkAttributes all = NetlinkAttributes.NONE.andU64(3, 1).andNested(4, inside);
    assertThat(all.nested(4).text(2)).contains("five");
    assertThat(all.nested(4).number(1)).hasValue(5);
    assertThat(all.nested(9).number(1)).isEmpty();
    assertThat(all.copied().nested(4).text(2)).contains("five");
  }

  @Test
  void saysWhereAMessageIsTooShort() {
    assertThatThrownBy(() -> NetlinkMessage.decodeAll(bytes("20000000 1000 0000 0000000000000000")))
        .isInstanceOf(NetlinkFormatException.class)
        .hasMessageContaining("message of 32 bytes at byte 0");
    assertThatThrownBy(() ->
            NetlinkMessage.decodeAll(
                bytes("18000000 1000 0000 0000000000000000 01010000 ff000100")))
        .isInstanceOf(NetlinkFormatException.class)
        .hasMessageContaining("attribute of 255 bytes");
  }

  /// Whatever comes is messages or is refused.
  @Test
  void noBytesBreakIt() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] some = new byte[random.nextInt(64)];
      random.nextBytes(some);
      if (some.length > 3) {
        some[0] = (byte) random.nextInt(64);
        some[1] = some[2] = some[3] = 0;
      }
      try {
        NetlinkMessage.decodeAll(ByteBuffer.wrap(some).order(ByteOrder.nativeOrder()));
      } catch (NetlinkFormatException refused) {
        assertThat(refused).hasMessageContaining("at byte");
      }
    }
  }
}
