package org.twincore.nbd;

import org.jspecify.annotations.Nullable;

/// Request types of the transmission phase (proto.md, "Request types") with the flags each takes.
enum Command {
  READ(0, Command.FLAG_FUA | Command.FLAG_DF),
  WRITE(1, Command.FLAG_FUA),
  DISC(2, Command.FLAG_FUA),
  FLUSH(3, Command.FLAG_FUA),
  TRIM(4, Command.FLAG_FUA),
  CACHE(5, Command.FLAG_FUA),
  WRITE_ZEROES(6, Command.FLAG_FUA | Command.FLAG_NO_HOLE | Command.FLAG_FAST_ZERO),
  BLOCK_STATUS(7, Command.FLAG_FUA | Command.FLAG_REQ_ONE);

  static final int FLAG_FUA = 1;
  static final int FLAG_NO_HOLE = 2;
  static final int FLAG_DF = 4;
  static final int FLAG_REQ_ONE = 8;
  static final int FLAG_FAST_ZERO = 16;

  private static final Command[] ALL = values();

  final int code;

  /// Flags a client may set; FUA is allowed everywhere and ignored where nothing is written.
  final int flags;

  Command(int code, int flags) {
    this.code = code;
    this.flags = flags;
  }

  static @Nullable Command ofCode(int code) {
    return code >= 0 && code < ALL.length ? ALL[code] : null;
  }
}
