package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// The server's end of one connection: greeting, options, transmission.
///
/// ```
///   GREETING -> CLIENT_FLAGS -> OPTION_HEAD <-> OPTION_DATA | OPTION_SKIP
///   OPTION_* -> REQUEST (GO, EXPORT_NAME) | CLOSED
///   REQUEST -> PAYLOAD | DRAIN -> REQUEST,   REQUEST -> CLOSED (DISC, broken peer)
/// ```
///
/// A session that was [#agreed] beforehand begins at REQUEST.
///
/// The owner calls [#poll] with what the socket gave until it says [ServerEvent.NeedBytes]. After a
/// [Request.Write] it must fetch the payload with [#payload] before it polls again. Replies do not
/// pass through here: any thread encodes them with the [ReplyEncoder] of
/// [ServerEvent.Transmission]. One owner, no locks; `in` needs a capacity of [#INPUT_MIN_BYTES].
public final class ServerSession {
  /// A buffer of this size makes progress in each state.
  public static final int INPUT_MIN_BYTES = 64;

  private static final ExportDirectory NO_EXPORTS =
      new ExportDirectory() {
        @Override
        public List<String> names() {
          return List.of();
        }

        @Override
        public Lookup find(String name) {
          return new Refused(OptionReply.ERR_UNKNOWN, "nothing is exported here");
        }

        @Override
        public Lookup open(String name) {
          return find(name);
        }
      };

  private enum State {
    GREETING,
    CLIENT_FLAGS,
    OPTION_HEAD,
    OPTION_DATA,
    OPTION_SKIP,
    REQUEST,
    PAYLOAD,
    DRAIN,
    CLOSED
  }

  private final ServerNegotiation negotiation;
  private State state;
  private RequestChecks checks;

  private int option;
  private byte[] optionData = WireBytes.NONE;
  private int optionFilled;

  /// Bytes still to come: of the option that is skipped, of a payload, of a refused payload.
  private long remaining;

  private Reply.Failed refused = new Reply.Failed(0, NbdError.EINVAL, "");

  public ServerSession(ExportDirectory directory) {
    this(
        new ServerNegotiation(directory),
        State.GREETING,
        new RequestChecks(ExportInfo.readOnly("", "", 0), false, false));
  }

  private ServerSession(ServerNegotiation negotiation, State state, RequestChecks checks) {
    this.negotiation = negotiation;
    this.state = state;
    this.checks = checks;
  }

  /// A session whose client knows `export` by other means, as a kernel does: it begins with the
  /// transmission phase, with what an old client can do ([ReplyEncoder#simple]).
  public static ServerSession agreed(ExportInfo export) {
    return new ServerSession(
        new ServerNegotiation(NO_EXPORTS), State.REQUEST, new RequestChecks(export, false, false));
  }

  /// The next event in `in`, whose position moves behind what it used.
  public ServerEvent poll(ByteBuffer in) {
    in.order(ByteOrder.BIG_ENDIAN);
    while (true) {
      switch (state) {
        case GREETING -> {
          state = State.CLIENT_FLAGS;
          return new ServerEvent.Handshake(ServerNegotiation.greeting());
        }
        case CLIENT_FLAGS -> {
          if (in.remaining() < Integer.BYTES) {
            return ServerEvent.NeedBytes.INSTANCE;
          }
          state = State.OPTION_HEAD;
          if (!negotiation.acceptsClientFlags(in.getInt())) {
            return broken("client flags that nobody knows");
          }
        }
        case OPTION_HEAD -> {
          if (in.remaining() < NbdMagic.NEGOTIATION_OPTION_BYTES) {
            return ServerEvent.NeedBytes.INSTANCE;
          }
          if (!optionHead(in)) {
            return broken("malformed or too many options");
          }
        }
        case OPTION_DATA -> {
          int part = Math.min(in.remaining(), optionData.length - optionFilled);
          in.get(optionData, optionFilled, part);
          optionFilled += part;
          if (optionFilled < optionData.length) {
            return ServerEvent.NeedBytes.INSTANCE;
          }
          return answered(negotiation.answer(option, optionData));
        }
        case OPTION_SKIP -> {
          if (!skip(in)) {
            return ServerEvent.NeedBytes.INSTANCE;
          }
          return answered(negotiation.answerTooLong(option));
        }
        case REQUEST -> {
          if (in.remaining() < NbdMagic.REQUEST_BYTES) {
            return ServerEvent.NeedBytes.INSTANCE;
          }
          ServerEvent event = request(in);
          if (state != State.DRAIN) {
            return event;
          }
        }
        case DRAIN -> {
          if (!skip(in)) {
            return ServerEvent.NeedBytes.INSTANCE;
          }
          state = State.REQUEST;
          return new ServerEvent.Refused(refused);
        }
        case PAYLOAD -> {
          if (remaining > 0) {
            throw new IllegalStateException(remaining + " bytes of payload not fetched");
          }
          state = State.REQUEST;
        }
        case CLOSED -> {
          return new ServerEvent.Closed("session is over", true, WireBytes.NONE);
        }
      }
    }
  }

  /// True once a [Request.Disconnect] or [ServerEvent.Closed] was returned.
  public boolean isClosed() {
    return state == State.CLOSED;
  }

  /// True from [ServerEvent.Transmission] on.
  public boolean isTransmitting() {
    return switch (state) {
      case GREETING, CLIENT_FLAGS, OPTION_HEAD, OPTION_DATA, OPTION_SKIP -> false;
      case REQUEST, PAYLOAD, DRAIN, CLOSED -> true;
    };
  }

  /// Bytes of the current WRITE's payload that are still to be fetched.
  public int payloadRemaining() {
    return state == State.PAYLOAD ? (int) remaining : 0;
  }

  /// Moves payload from `in` straight into the array that will be the write's; returns the count of
  /// bytes moved, 0 if `in` is empty or the payload complete.
  public int payload(ByteBuffer in, byte[] target, int targetOffset) {
    int part = Math.min(in.remaining(), payloadRemaining());
    in.get(target, targetOffset, part);
    remaining -= part;
    return part;
  }

  private boolean optionHead(ByteBuffer in) {
    long magic = in.getLong();
    option = in.getInt();
    long length = Integer.toUnsignedLong(in.getInt());
    if (magic != NbdMagic.OPTION || !negotiation.acceptsOption(option, length)) {
      return false;
    }
    if (length > ServerNegotiation.OPTION_DATA_MAX_BYTES) {
      remaining = length;
      state = State.OPTION_SKIP;
    } else {
      optionData = new byte[(int) length];
      optionFilled = 0;
      state = State.OPTION_DATA;
    }
    return true;
  }

  private ServerEvent answered(ServerNegotiation.Answer answer) {
    optionData = WireBytes.NONE;
    return switch (answer) {
      case ServerNegotiation.Answer.Bytes(byte[] bytes) -> {
        state = State.OPTION_HEAD;
        yield new ServerEvent.Handshake(bytes);
      }
      case ServerNegotiation.Answer.Opened(ExportInfo export, byte[] bytes) -> {
        state = State.REQUEST;
        checks = negotiation.checks(export);
        yield new ServerEvent.Transmission(export, new ReplyEncoder(checks.structured()), bytes);
      }
      case ServerNegotiation.Answer.End(String reason, boolean byProtocol, byte[] bytes) -> {
        state = State.CLOSED;
        yield new ServerEvent.Closed(reason, byProtocol, bytes);
      }
    };
  }

  private ServerEvent request(ByteBuffer in) {
    int magic = in.getInt();
    if (magic != NbdMagic.REQUEST) {
      return broken("request magic 0x" + Integer.toHexString(magic));
    }
    int flags = Short.toUnsignedInt(in.getShort());
    int type = Short.toUnsignedInt(in.getShort());
    RequestChecks.Header header =
        new RequestChecks.Header(
            flags, type, in.getLong(), in.getLong(), Integer.toUnsignedLong(in.getInt()));
    Reply.Failed refusal = checks.refusal(header);
    if (refusal == null) {
      return accepted(header);
    }
    if (type == Command.WRITE.code) {
      refused = refusal;
      remaining = header.length();
      state = State.DRAIN;
    }
    return new ServerEvent.Refused(refusal);
  }

  private Request accepted(RequestChecks.Header header) {
    Command command = Command.ofCode(header.command());
    if (command == null) {
      throw new IllegalStateException("command " + header.command() + " passed the checks");
    }
    long cookie = header.cookie();
    long offset = header.offset();
    long length = header.length();
    boolean fua = (header.flags() & Command.FLAG_FUA) != 0;
    return switch (command) {
      case READ ->
          new Request.Read(cookie, offset, (int) length, (header.flags() & Command.FLAG_DF) != 0);
      case WRITE -> {
        remaining = length;
        state = State.PAYLOAD;
        yield new Request.Write(cookie, offset, (int) length, fua);
      }
      case DISC -> {
        state = State.CLOSED;
        yield new Request.Disconnect(cookie);
      }
      case FLUSH -> new Request.Flush(cookie);
      case TRIM -> new Request.Trim(cookie, offset, length, fua);
      case CACHE -> new Request.Cache(cookie, offset, length);
      case WRITE_ZEROES ->
          new Request.WriteZeroes(cookie, offset, length, fua, zeroMode(header.flags()));
      case BLOCK_STATUS ->
          new Request.BlockStatus(
              cookie, offset, length, (header.flags() & Command.FLAG_REQ_ONE) != 0);
    };
  }

  private static ZeroMode zeroMode(int flags) {
    boolean noHole = (flags & Command.FLAG_NO_HOLE) != 0;
    if ((flags & Command.FLAG_FAST_ZERO) != 0) {
      return noHole ? ZeroMode.FAST_NO_HOLE : ZeroMode.FAST_MAY_PUNCH;
    }
    return noHole ? ZeroMode.NO_HOLE : ZeroMode.MAY_PUNCH;
  }

  private boolean skip(ByteBuffer in) {
    int part = (int) Math.min(in.remaining(), remaining);
    in.position(in.position() + part);
    remaining -= part;
    return remaining == 0;
  }

  private ServerEvent broken(String reason) {
    state = State.CLOSED;
    return new ServerEvent.Closed(reason, false, WireBytes.NONE);
  }
}
