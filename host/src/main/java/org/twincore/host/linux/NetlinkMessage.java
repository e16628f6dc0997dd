package org.twincore.host.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// One message of generic netlink, or the end of an exchange.
///
/// | offset | type | meaning |
/// |---|---|---|
/// | 0 | u32 | length in bytes, this head included |
/// | 4 | u16 | type: the family, or 2 for an error (0: it was done), 3 for the end of a list |
/// | 6 | u16 | flags |
/// | 8 | u32 | sequence number, the answer's is the request's |
/// | 12 | u32 | port, 0 for the kernel |
/// | 16 | u8, u8, u16 | of a family: command, version, 0; then attributes |
/// | 16 | s32 | of an error: minus errno; of the end of a list: 0, or minus errno |
///
/// Numbers are in the byte order of the machine; messages begin at multiples of four bytes. Source:
/// linux/netlink.h, `struct nlmsghdr` and `nlmsgerr`; linux/genetlink.h, `struct genlmsghdr`.
sealed interface NetlinkMessage {
  int HEAD_BYTES = 16;
  int FAMILY_HEAD_BYTES = 4;

  int NLMSG_ERROR = 2;
  int NLMSG_DONE = 3;

  /// Families have numbers from here on.
  int NLMSG_MIN_TYPE = 0x10;

  int NLM_F_REQUEST = 1;
  int NLM_F_ACK = 4;
  int NLM_F_DUMP = 0x300;

  int sequence();

  /// Of a family.
  record OfFamily(int family, int sequence, int command, NetlinkAttributes attributes)
      implements NetlinkMessage {
    /// The same in memory of its own, for a buffer that is used again.
    OfFamily copied() throws NetlinkFormatException {
      return new OfFamily(family, sequence, command, attributes.copied());
    }
  }

  /// The request with that number is done (`errno` 0) or was refused; of a list: its end.
  record Ended(int sequence, int errno) implements NetlinkMessage {}

  /// What means nothing to us.
  record Other(int sequence, int type) implements NetlinkMessage {}

  /// A request's bytes.
  static ByteBuffer request(OfFamily message, int flags, int version) {
    int length = HEAD_BYTES + FAMILY_HEAD_BYTES + message.attributes.encodedBytes();
    ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    out.putInt(length).putShort((short) message.family).putShort((short) (flags | NLM_F_REQUEST));
    out.putInt(message.sequence).putInt(0);
    out.put((byte) message.command).put((byte) version).putShort((short) 0);
    message.attributes.encode(out);
    return out.flip();
  }

  /// All messages of one datagram, which is in the machine's byte order.
  static List<NetlinkMessage> decodeAll(ByteBuffer in) throws NetlinkFormatException {
    List<NetlinkMessage> found = new ArrayList<>();
    while (in.remaining() >= HEAD_BYTES) {
      int start = in.position();
      long length = Integer.toUnsignedLong(in.getInt(start));
      if (length < HEAD_BYTES || length > in.remaining()) {
        throw new NetlinkFormatException("message of " + length + " bytes", start);
      }
      ByteBuffer one = in.slice(start, (int) length).order(ByteOrder.nativeOrder());
      found.add(decode(one, start));
      in.position(Math.min(in.limit(), start + NetlinkAttributes.padded((int) length)));
    }
    return found;
  }

  private static NetlinkMessage decode(ByteBuffer in, int offset) throws NetlinkFormatException {
    int type = Short.toUnsignedInt(in.getShort(4));
    int sequence = in.getInt(8);
    in.position(HEAD_BYTES);
    if (type == NLMSG_ERROR || type == NLMSG_DONE) {
      if (type == NLMSG_ERROR && in.remaining() < Integer.BYTES) {
        throw new NetlinkFormatException("error without a number", offset);
      }
      return new Ended(sequence, in.remaining() < Integer.BYTES ? 0 : -in.getInt());
    }
    if (type < NLMSG_MIN_TYPE || in.remaining() < FAMILY_HEAD_BYTES) {
      return new Other(sequence, type);
    }
    int command = Byte.toUnsignedInt(in.get());
    in.position(HEAD_BYTES + FAMILY_HEAD_BYTES);
    return new OfFamily(type, sequence, command, NetlinkAttributes.decode(in));
  }
}
