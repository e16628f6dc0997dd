package org.twincore.nbd;

/// Magic numbers and flags of proto.md, all big endian on the wire.
final class NbdMagic {
  /// "NBDMAGIC", first eight bytes of a server.
  static final long INIT = 0x4e42444d41474943L;

  /// "IHAVEOPT", second eight bytes of a newstyle server, first eight of each option.
  static final long OPTION = 0x49484156454F5054L;

  static final long OPTION_REPLY = 0x0003e889045565a9L;
  static final int REQUEST = 0x25609513;
  static final int SIMPLE_REPLY = 0x67446698;
  static final int STRUCTURED_REPLY = 0x668e33ef;

  /// Handshake flags; the client's flags have the same bits.
  static final int FLAG_FIXED_NEWSTYLE = 1;

  static final int FLAG_NO_ZEROES = 2;

  static final int NEGOTIATION_OPTION_BYTES = 16;
  static final int OPTION_REPLY_BYTES = 20;
  static final int REQUEST_BYTES = 28;
  static final int SIMPLE_REPLY_BYTES = 16;
  static final int STRUCTURED_HEAD_BYTES = 20;

  /// Zeroes behind the answer to NBD_OPT_EXPORT_NAME unless NO_ZEROES was agreed on.
  static final int EXPORT_NAME_ZEROES = 124;

  /// Structured reply: last chunk of its cookie.
  static final int REPLY_FLAG_DONE = 1;

  static final int CHUNK_NONE = 0;
  static final int CHUNK_OFFSET_DATA = 1;
  static final int CHUNK_OFFSET_HOLE = 2;
  static final int CHUNK_BLOCK_STATUS = 5;
  static final int CHUNK_ERROR = 0x8001;
  static final int CHUNK_ERROR_OFFSET = 0x8002;

  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  /// The one metadata context that is served.
  static final String BASE_ALLOCATION = "base:allocation";

  private NbdMagic() {}
}
