package org.twincore.nbd;

import java.util.Locale;

/// How a server answers an option (proto.md, "Option reply types"); bit 31 marks errors.
public enum OptionReply {
  ACK(1),
  SERVER(2),
  INFO(3),
  META_CONTEXT(4),
  ERR_UNSUP(0x80000001),
  ERR_POLICY(0x80000002),
  ERR_INVALID(0x80000003),
  ERR_PLATFORM(0x80000004),
  ERR_TLS_REQD(0x80000005),
  ERR_UNKNOWN(0x80000006),
  ERR_SHUTDOWN(0x80000007),
  ERR_BLOCK_SIZE_REQD(0x80000008),
  ERR_TOO_BIG(0x80000009),
  ERR_EXT_HEADER_REQD(0x8000000a);

  private static final OptionReply[] ALL = values();

  final int code;

  OptionReply(int code) {
    this.code = code;
  }

  /// The reply of a code; an error code nobody knows reads as ERR_UNSUP, as proto.md asks.
  static OptionReply ofCode(int code) {
    for (OptionReply reply : ALL) {
      if (reply.code == code) {
        return reply;
      }
    }
    return ERR_UNSUP;
  }

  public boolean isError() {
    return code < 0;
  }

  /// The words of a message to a human.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
