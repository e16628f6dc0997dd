package org.twincore.nbd;

import org.jspecify.annotations.Nullable;

/// Decides whether a decoded request header may reach the device, and with which error not.
///
/// The order of checks is that of what a client can least help: command, flags, read-only, length,
/// alignment, range. Out of range is ENOSPC for what writes data, EINVAL for the rest (proto.md,
/// "Error values").
record RequestChecks(ExportInfo export, boolean structured, boolean blockStatus) {
  /// A header as it stands on the wire; offset is u64 in a long, length u32 in a long.
  record Header(int flags, int command, long cookie, long offset, long length) {}

  /// Null where the request is fine.
  Reply.@Nullable Failed refusal(Header header) {
    Command command = Command.ofCode(header.command);
    if (command == null) {
      return failed(header, NbdError.EINVAL, "unknown command " + header.command);
    }
    int flags = header.flags & ~command.flags;
    if (flags != 0 && command != Command.DISC) { // it has no answer, and ends the session anyway
      return failed(header, NbdError.EINVAL, "flags 0x" + Integer.toHexString(flags));
    }
    return switch (command) {
      case DISC -> null;
      case FLUSH -> flushRefusal(header);
      case READ -> first(dfRefusal(header), payloadRefusal(header), rangeRefusal(header, false));
      case WRITE ->
          first(readOnlyRefusal(header), payloadRefusal(header), rangeRefusal(header, true));
      case TRIM -> first(readOnlyRefusal(header), rangeRefusal(header, false));
      case CACHE -> rangeRefusal(header, false);
      case WRITE_ZEROES ->
          first(readOnlyRefusal(header), fastRefusal(header), rangeRefusal(header, true));
      case BLOCK_STATUS -> first(contextRefusal(header), rangeRefusal(header, false));
    };
  }

  private static Reply.@Nullable Failed first(Reply.@Nullable Failed... refusals) {
    for (Reply.Failed refusal : refusals) {
      if (refusal != null) {
        return refusal;
      }
    }
    return null;
  }

  private static Reply.@Nullable Failed flushRefusal(Header header) {
    return header.offset == 0 && header.length == 0
        ? null
        : failed(header, NbdError.EINVAL, "flush takes no offset and no length");
  }

  private Reply.@Nullable Failed readOnlyRefusal(Header header) {
    return export.isReadOnly() ? failed(header, NbdError.EPERM, "export is read-only") : null;
  }

  private Reply.@Nullable Failed dfRefusal(Header header) {
    return (header.flags & Command.FLAG_DF) != 0 && !structured
        ? failed(header, NbdError.EINVAL, "DF without structured replies")
        : null;
  }

  private Reply.@Nullable Failed fastRefusal(Header header) {
    return (header.flags & Command.FLAG_FAST_ZERO) != 0
            && !export.has(TransmissionFlags.SEND_FAST_ZERO)
        ? failed(header, NbdError.EINVAL, "FAST_ZERO was not offered")
        : null;
  }

  private Reply.@Nullable Failed contextRefusal(Header header) {
    return blockStatus
        ? null
        : failed(header, NbdError.EINVAL, "no metadata context was agreed on");
  }

  private static Reply.@Nullable Failed payloadRefusal(Header header) {
    return header.length > ExportInfo.PAYLOAD_MAX_BYTES
        ? failed(
            header,
            NbdError.EINVAL,
            "length " + header.length + " above " + ExportInfo.PAYLOAD_MAX_BYTES)
        : null;
  }

  private Reply.@Nullable Failed rangeRefusal(Header header, boolean writes) {
    if (header.length == 0) {
      return failed(header, NbdError.EINVAL, "length 0");
    }
    int mask = ExportInfo.MINIMUM_BLOCK_BYTES - 1;
    if ((header.offset & mask) != 0 || (header.length & mask) != 0) {
      return failed(header, NbdError.EINVAL, where(header) + " is no multiple of 512");
    }
    if (header.offset < 0 || header.offset > export.sizeBytes() - header.length) {
      return failed(
          header,
          writes ? NbdError.ENOSPC : NbdError.EINVAL,
          where(header) + " is outside of " + export.sizeBytes() + " bytes");
    }
    return null;
  }

  private static String where(Header header) {
    return "offset " + Long.toUnsignedString(header.offset) + ", length " + header.length;
  }

  private static Reply.Failed failed(Header header, NbdError error, String message) {
    return new Reply.Failed(header.cookie, error, message);
  }
}
