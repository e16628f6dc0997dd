package org.twincore.nbd;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Answers the options of one client and remembers what was agreed on.
///
/// An option reply (proto.md): u64 0x3e889045565a9, u32 option, u32 reply type, u32 length, data.
final class ServerNegotiation {
  /// Longest option data that is looked at; longer ones are skipped and refused.
  static final int OPTION_DATA_MAX_BYTES = 64 << 10;

  /// An option with more data ends the session.
  static final long OPTION_SKIP_MAX_BYTES = 32L << 20;

  /// Options per connection.
  static final int OPTIONS_MAX = 256;

  /// Longest string of the protocol.
  static final int NAME_MAX_BYTES = 4096;

  /// What to do with an option.
  sealed interface Answer {
    record Bytes(byte[] bytes) implements Answer {}

    record Opened(ExportInfo export, byte[] bytes) implements Answer {}

    record End(String reason, boolean byProtocol, byte[] bytes) implements Answer {}
  }

  private final ExportDirectory directory;
  private final WireBytes out = new WireBytes();
  private boolean fixedNewstyle;
  private boolean noZeroes;
  private boolean structured;
  private int optionsSeen;

  /// The canonical name of the export for which `base:allocation` was set, or null.
  private @Nullable String contextExport;

  ServerNegotiation(ExportDirectory directory) {
    this.directory = directory;
  }

  static byte[] greeting() {
    return new WireBytes()
        .u64(NbdMagic.INIT)
        .u64(NbdMagic.OPTION)
        .u16(NbdMagic.FLAG_FIXED_NEWSTYLE | NbdMagic.FLAG_NO_ZEROES)
        .take();
  }

  boolean acceptsClientFlags(int flags) {
    fixedNewstyle = (flags & NbdMagic.FLAG_FIXED_NEWSTYLE) != 0;
    noZeroes = (flags & NbdMagic.FLAG_NO_ZEROES) != 0;
    return (flags & ~(NbdMagic.FLAG_FIXED_NEWSTYLE | NbdMagic.FLAG_NO_ZEROES)) == 0;
  }

  /// False where the session must end: a client without fixed newstyle may only name its export.
  boolean acceptsOption(int option, long lengthBytes) {
    optionsSeen++;
    boolean mustOpen = option == OptionCode.EXPORT_NAME.code;
    return optionsSeen <= OPTIONS_MAX
        && lengthBytes <= (mustOpen ? NAME_MAX_BYTES : OPTION_SKIP_MAX_BYTES)
        && (fixedNewstyle || mustOpen);
  }

  Answer answerTooLong(int option) {
    OptionReply reply =
        OptionCode.ofCode(option) == null ? OptionReply.ERR_UNSUP : OptionReply.ERR_TOO_BIG;
    return refuse(option, reply, "more option data than " + OPTION_DATA_MAX_BYTES + " bytes");
  }

  Answer answer(int option, byte[] data) {
    OptionCode code = OptionCode.ofCode(option);
    if (code == null) {
      return refuse(option, OptionReply.ERR_UNSUP, "unknown option " + option);
    }
    return switch (code) {
      case EXPORT_NAME -> exportName(new String(data, StandardCharsets.UTF_8));
      case ABORT -> {
        reply(option, OptionReply.ACK, WireBytes.NONE);
        yield new Answer.End("client aborted the negotiation", true, out.take());
      }
      case STARTTLS -> refuse(option, OptionReply.ERR_UNSUP, "TLS is not served");
      case LIST -> data.length == 0 ? list(option) : mustBeEmpty(option);
      case STRUCTURED_REPLY -> data.length == 0 ? structuredReply(option) : mustBeEmpty(option);
      case INFO, GO -> infoOrGo(code, ByteBuffer.wrap(data));
      case LIST_META_CONTEXT, SET_META_CONTEXT -> metaContext(code, ByteBuffer.wrap(data));
    };
  }

  /// The checks for the transmission phase of this export.
  RequestChecks checks(ExportInfo export) {
    return new RequestChecks(export, structured, export.name().equals(contextExport));
  }

  private Answer exportName(String name) {
    return switch (directory.open(name)) {
      case ExportDirectory.Refused(OptionReply why, String message) ->
          new Answer.End("export '" + name + "' " + why + ": " + message, true, WireBytes.NONE);
      case ExportDirectory.Found(ExportInfo export) -> {
        out.u64(export.sizeBytes()).u16(flags(export));
        if (!noZeroes) {
          out.zeroes(NbdMagic.EXPORT_NAME_ZEROES);
        }
        yield new Answer.Opened(export, out.take());
      }
    };
  }

  private Answer list(int option) {
    for (String name : directory.names()) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      reply(option, OptionReply.SERVER, new WireBytes().u32(bytes.length).raw(bytes).take());
    }
    return acknowledge(option);
  }

  private Answer structuredReply(int option) {
    structured = true;
    return acknowledge(option);
  }

  private Answer infoOrGo(OptionCode code, ByteBuffer data) {
    String name = string(data);
    List<Integer> wanted = name == null ? null : informationRequests(data);
    if (name == null || wanted == null) {
      return malformed(code);
    }
    ExportDirectory.Lookup lookup =
        code == OptionCode.GO ? directory.open(name) : directory.find(name);
    return switch (lookup) {
      case ExportDirectory.Refused(OptionReply why, String message) ->
          refuse(code.code, why, message);
      case ExportDirectory.Found(ExportInfo export) -> {
        information(code.code, export, wanted);
        Answer answer = acknowledge(code.code);
        yield code == OptionCode.GO && answer instanceof Answer.Bytes(byte[] bytes)
            ? new Answer.Opened(export, bytes)
            : answer;
      }
    };
  }

  private static @Nullable List<Integer> informationRequests(ByteBuffer data) {
    if (data.remaining() < Short.BYTES) {
      return null;
    }
    int count = Short.toUnsignedInt(data.getShort());
    if (data.remaining() != count * Short.BYTES) {
      return null;
    }
    List<Integer> wanted = new ArrayList<>();
    while (data.hasRemaining()) {
      wanted.add(Short.toUnsignedInt(data.getShort()));
    }
    return wanted;
  }

  private void information(int option, ExportInfo export, List<Integer> wanted) {
    WireBytes info = new WireBytes();
    info.u16(NbdMagic.INFO_EXPORT).u64(export.sizeBytes()).u16(flags(export));
    reply(option, OptionReply.INFO, info.take());
    info.u16(NbdMagic.INFO_BLOCK_SIZE)
        .u32(ExportInfo.MINIMUM_BLOCK_BYTES)
        .u32(ExportInfo.PREFERRED_BLOCK_BYTES)
        .u32(ExportInfo.PAYLOAD_MAX_BYTES);
    reply(option, OptionReply.INFO, info.take());
    if (wanted.contains(NbdMagic.INFO_NAME)) {
      reply(option, OptionReply.INFO, info.u16(NbdMagic.INFO_NAME).utf8(export.name()).take());
    }
    if (wanted.contains(NbdMagic.INFO_DESCRIPTION) && !export.description().isEmpty()) {
      info.u16(NbdMagic.INFO_DESCRIPTION).utf8(export.description());
      reply(option, OptionReply.INFO, info.take());
    }
  }

  private Answer metaContext(OptionCode code, ByteBuffer data) {
    boolean set = code == OptionCode.SET_META_CONTEXT;
    if (set) {
      contextExport = null;
    }
    String name = string(data);
    List<String> queries = name == null ? null : queries(data);
    if (name == null || queries == null) {
      return malformed(code);
    }
    if (!structured) {
      return refuse(code.code, OptionReply.ERR_INVALID, "ask for structured replies first");
    }
    return switch (directory.find(name)) {
      case ExportDirectory.Refused(OptionReply why, String message) ->
          refuse(code.code, why, message);
      case ExportDirectory.Found(ExportInfo export) -> {
        if (set && queries.contains(NbdMagic.BASE_ALLOCATION)) {
          contextExport = export.name();
          context(code.code, ReplyEncoder.CONTEXT_ID);
        } else if (!set && isListed(queries)) {
          context(code.code, 0);
        }
        yield acknowledge(code.code);
      }
    };
  }

  private static boolean isListed(List<String> queries) {
    return queries.isEmpty()
        || queries.contains(NbdMagic.BASE_ALLOCATION)
        || queries.contains("base:");
  }

  private static @Nullable List<String> queries(ByteBuffer data) {
    if (data.remaining() < Integer.BYTES) {
      return null;
    }
    long count = Integer.toUnsignedLong(data.getInt());
    List<String> queries = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      String query = string(data);
      if (query == null) {
        return null;
      }
      queries.add(query);
    }
    return data.hasRemaining() ? null : queries;
  }

  private void context(int option, int id) {
    reply(
        option,
        OptionReply.META_CONTEXT,
        new WireBytes().u32(id).utf8(NbdMagic.BASE_ALLOCATION).take());
  }

  /// A u32 length and as many bytes; null if they do not fit.
  private static @Nullable String string(ByteBuffer data) {
    try {
      long length = Integer.toUnsignedLong(data.getInt());
      if (length > Math.min(NAME_MAX_BYTES, data.remaining())) {
        return null;
      }
      byte[] bytes = new byte[(int) length];
      data.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (BufferUnderflowException _) {
      return null;
    }
  }

  private int flags(ExportInfo export) {
    return export.transmissionFlags() | (structured ? TransmissionFlags.SEND_DF : 0);
  }

  private Answer malformed(OptionCode code) {
    return refuse(code.code, OptionReply.ERR_INVALID, "malformed data of option " + code);
  }

  private Answer mustBeEmpty(int option) {
    return refuse(option, OptionReply.ERR_INVALID, "this option takes no data");
  }

  private Answer acknowledge(int option) {
    reply(option, OptionReply.ACK, WireBytes.NONE);
    return new Answer.Bytes(out.take());
  }

  private Answer refuse(int option, OptionReply why, String message) {
    reply(option, why, message.getBytes(StandardCharsets.UTF_8));
    return new Answer.Bytes(out.take());
  }

  private void reply(int option, OptionReply type, byte[] data) {
    out.u64(NbdMagic.OPTION_REPLY).u32(option).u32(type.code).u32(data.length).raw(data);
  }
}
