package org.twincore.nbd;

import org.jspecify.annotations.Nullable;

/// What a client may ask for during negotiation (proto.md, "Option types").
enum OptionCode {
  EXPORT_NAME(1),
  ABORT(2),
  LIST(3),
  STARTTLS(5),
  INFO(6),
  GO(7),
  STRUCTURED_REPLY(8),
  LIST_META_CONTEXT(9),
  SET_META_CONTEXT(10);

  private static final OptionCode[] ALL = values();

  final int code;

  OptionCode(int code) {
    this.code = code;
  }

  static @Nullable OptionCode ofCode(int code) {
    for (OptionCode option : ALL) {
      if (option.code == code) {
        return option;
      }
    }
    return null;
  }
}
