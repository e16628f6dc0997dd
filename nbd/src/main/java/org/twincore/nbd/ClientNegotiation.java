package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The client's side of the options: structured replies, then `base:allocation`, then GO.
///
/// A server without the first two still serves; without GO it does not.
final class ClientNegotiation {
  static final int GREETING_BYTES = 18;

  /// Longest data of an option reply.
  static final int DATA_MAX_BYTES = 64 << 10;

  /// Replies to one option.
  private static final int REPLIES_MAX = 64;

  /// An option reply's head as on the wire.
  record Head(long magic, int option, int type, int length) {
    static final Head NONE = new Head(0, 0, 0, 0);
  }

  private final String exportName;
  private OptionCode asked = OptionCode.STRUCTURED_REPLY;
  private int replies;
  private boolean structured;
  private boolean blockStatus;
  private @Nullable ExportInfo export;
  private int minimumBlockBytes = 1;
  private long payloadMaxBytes = ExportInfo.PAYLOAD_MAX_BYTES;

  ClientNegotiation(String exportName) {
    this.exportName = exportName;
  }

  boolean isStructured() {
    return structured;
  }

  /// What to send after the server's greeting, or null if it is none.
  byte @Nullable [] greeted(long init, long magic, short flags) {
    if (init != NbdMagic.INIT
        || magic != NbdMagic.OPTION
        || (flags & NbdMagic.FLAG_FIXED_NEWSTYLE) == 0) {
      return null;
    }
    return new WireBytes()
        .u32(flags & (NbdMagic.FLAG_FIXED_NEWSTYLE | NbdMagic.FLAG_NO_ZEROES))
        .raw(option(WireBytes.NONE))
        .take();
  }

  boolean expects(Head head) {
    replies++;
    return head.magic == NbdMagic.OPTION_REPLY
        && head.option == asked.code
        && head.length >= 0
        && head.length <= DATA_MAX_BYTES
        && replies <= REPLIES_MAX;
  }

  /// The event of one option reply, or null if more replies to the same option follow.
  @Nullable ClientEvent replied(Head head, byte[] data) {
    OptionReply type = OptionReply.ofCode(head.type);
    boolean isFinal = type.isError() || type == OptionReply.ACK;
    return switch (asked) {
      case STRUCTURED_REPLY -> {
        structured = type == OptionReply.ACK;
        yield structured ? ask(OptionCode.SET_META_CONTEXT) : ask(OptionCode.GO);
      }
      case SET_META_CONTEXT -> {
        blockStatus = type == OptionReply.META_CONTEXT || (blockStatus && !type.isError());
        yield isFinal ? ask(OptionCode.GO) : null;
      }
      case GO -> isFinal ? opened(type, data) : information(ByteBuffer.wrap(data));
      case EXPORT_NAME, ABORT, LIST, STARTTLS, INFO, LIST_META_CONTEXT ->
          throw new IllegalStateException("never asked: " + asked);
    };
  }

  private ClientEvent ask(OptionCode next) {
    asked = next;
    replies = 0;
    byte[] name = exportName.getBytes(StandardCharsets.UTF_8);
    WireBytes data = new WireBytes().u32(name.length).raw(name);
    if (next == OptionCode.SET_META_CONTEXT) {
      byte[] query = NbdMagic.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
      data.u32(1).u32(query.length).raw(query);
    } else {
      data.u16(1).u16(NbdMagic.INFO_BLOCK_SIZE);
    }
    return new ClientEvent.Handshake(option(data.take()));
  }

  private byte[] option(byte[] data) {
    return new WireBytes().u64(NbdMagic.OPTION).u32(asked.code).u32(data.length).raw(data).take();
  }

  private ClientEvent opened(OptionReply type, byte[] data) {
    if (type.isError()) {
      return new ClientEvent.Refused(type, new String(data, StandardCharsets.UTF_8));
    }
    if (export == null) {
      return new ClientEvent.Broken("GO was acknowledged without NBD_INFO_EXPORT");
    }
    return new ClientEvent.Connected(
        export,
        new ClientEvent.Agreed(minimumBlockBytes, payloadMaxBytes, structured, blockStatus));
  }

  private @Nullable ClientEvent information(ByteBuffer data) {
    int type = data.remaining() < Short.BYTES ? -1 : Short.toUnsignedInt(data.getShort());
    if (type == NbdMagic.INFO_EXPORT && data.remaining() == Long.BYTES + Short.BYTES) {
      long sizeBytes = data.getLong();
      if (sizeBytes < 0) {
        return new ClientEvent.Broken("export of " + Long.toUnsignedString(sizeBytes) + " bytes");
      }
      export = new ExportInfo(exportName, "", sizeBytes, Short.toUnsignedInt(data.getShort()));
    } else if (type == NbdMagic.INFO_BLOCK_SIZE && data.remaining() == 3 * Integer.BYTES) {
      minimumBlockBytes = data.getInt();
      data.getInt();
      payloadMaxBytes = Integer.toUnsignedLong(data.getInt());
    }
    return null;
  }
}
