package org.twincore.host.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The attributes of one netlink message or of one nested attribute, in order; immutable.
///
/// | offset | type | meaning |
/// |---|---|---|
/// | 0 | u16 | length in bytes, these four included |
/// | 2 | u16 | type; 0x8000 says that the value is attributes again |
/// | 4 | | value, zeroes up to a multiple of four bytes behind it |
///
/// Numbers are in the byte order of the machine. Source: linux/netlink.h, `struct nlattr`.
final class NetlinkAttributes {
  private static final int HEAD_BYTES = 4;
  private static final int ALIGNMENT = 4;
  private static final int NLA_F_NESTED = 0x8000;
  private static final int NLA_F_NET_BYTEORDER = 0x4000;
  private static final int TYPE_MASK = ~(NLA_F_NESTED | NLA_F_NET_BYTEORDER) & 0xffff;

  static final NetlinkAttributes NONE = new NetlinkAttributes(List.of());

  /// `type` with the nested bit as it is sent.
  private record Attribute(int type, ByteBuffer value) {}

  private final List<Attribute> all;

  private NetlinkAttributes(List<Attribute> all) {
    this.all = all;
  }

  private NetlinkAttributes and(int type, ByteBuffer value) {
    List<Attribute> more = new ArrayList<>(all);
    more.add(new Attribute(type, value));
    return new NetlinkAttributes(List.copyOf(more));
  }

  /// These and a u32.
  NetlinkAttributes andU32(int type, int value) {
    return and(type, buffer(Integer.BYTES).putInt(value).flip());
  }

  /// These and a u64.
  NetlinkAttributes andU64(int type, long value) {
    return and(type, buffer(Long.BYTES).putLong(value).flip());
  }

  /// These and a text, which ends with a zero byte.
  NetlinkAttributes andText(int type, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return and(type, buffer(bytes.length + 1).put(bytes).put((byte) 0).flip());
  }

  /// These and attributes in an attribute.
  NetlinkAttributes andNested(int type, NetlinkAttributes inside) {
    ByteBuffer value = buffer(inside.encodedBytes());
    inside.encode(value);
    return and(type | NLA_F_NESTED, value.flip());
  }

  int encodedBytes() {
    return all.stream().mapToInt(it -> padded(HEAD_BYTES + it.value.remaining())).sum();
  }

  /// Writes all of them; `out` has room for [#encodedBytes].
  void encode(ByteBuffer out) {
    for (Attribute each : all) {
      int length = HEAD_BYTES + each.value.remaining();
      out.putShort((short) length).putShort((short) each.type).put(each.value.duplicate());
      for (int at = length; at < padded(length); at++) {
        out.put((byte) 0);
      }
    }
  }

  /// Reads what remains of `in`, which is in the machine's byte order.
  static NetlinkAttributes decode(ByteBuffer in) throws NetlinkFormatException {
    List<Attribute> found = new ArrayList<>();
    while (in.remaining() >= HEAD_BYTES) {
      int start = in.position();
      int length = Short.toUnsignedInt(in.getShort());
      int type = Short.toUnsignedInt(in.getShort());
      if (length < HEAD_BYTES || length > in.limit() - start) {
        throw new NetlinkFormatException("attribute of " + length + " bytes", start);
      }
      ByteBuffer value = in.slice(start + HEAD_BYTES, length - HEAD_BYTES);
      found.add(new Attribute(type, value.order(ByteOrder.nativeOrder())));
      in.position(Math.min(in.limit(), start + padded(length)));
    }
    return new NetlinkAttributes(List.copyOf(found));
  }

  /// A u8, u16 or u32 of that type; empty if there is none.
  OptionalInt number(int type) {
    Optional<ByteBuffer> value = value(type);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    ByteBuffer bytes = value.get();
    return switch (bytes.remaining()) {
      case Byte.BYTES -> OptionalInt.of(Byte.toUnsignedInt(bytes.get(0)));
      case Short.BYTES -> OptionalInt.of(Short.toUnsignedInt(bytes.getShort(0)));
      case Integer.BYTES -> OptionalInt.of(bytes.getInt(0));
      default -> OptionalInt.empty();
    };
  }

  /// A text of that type, without the zero byte at its end.
  Optional<String> text(int type) {
    return value(type)
        .map(StandardCharsets.UTF_8::decode)
        .map(Object::toString)
        .map(text -> text.indexOf(0) < 0 ? text : text.substring(0, text.indexOf(0)));
  }

  /// What is nested in the first attribute of that type; nothing if there is none.
  NetlinkAttributes nested(int type) throws NetlinkFormatException {
    Optional<ByteBuffer> value = value(type);
    return value.isEmpty() ? NONE : decode(value.get());
  }

  private Optional<ByteBuffer> value(int type) {
    return all.stream()
        .filter(it -> (it.type & TYPE_MASK) == type)
        .findFirst()
        .map(it -> it.value.duplicate().order(ByteOrder.nativeOrder()));
  }

  /// The same in memory of their own, for a buffer that is used again.
  NetlinkAttributes copied() throws NetlinkFormatException {
    ByteBuffer copy = buffer(encodedBytes());
    encode(copy);
    return decode(copy.flip());
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  static int padded(int bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
