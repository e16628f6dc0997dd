package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The client's end of one connection: negotiation, then replies.
///
/// ```
///   GREETING -> OPTION_REPLY* -> REPLY <-> CHUNK | PAYLOAD -> COMPLETE -> REPLY
///   any -> CLOSED (refused, broken server)
/// ```
///
/// The owner calls [#poll] until [ClientEvent.NeedBytes]; after [ClientEvent.Data] it fetches the
/// bytes with [#payload] before it polls again. Requests are written with [RequestEncoder], by any
/// thread; the session asks [Outstanding] for them when replies come. One owner, no locks; `in`
/// needs a capacity of [#INPUT_MIN_BYTES].
public final class ClientSession {
  public static final int INPUT_MIN_BYTES = 64;

  /// Longest body of a chunk that is not data.
  static final int CHUNK_MAX_BYTES = 1 << 20;

  /// The requests that wait for their reply.
  public interface Outstanding {
    @Nullable Request find(long cookie);
  }

  private enum State {
    GREETING,
    OPTION_HEAD,
    OPTION_DATA,
    REPLY,
    CHUNK,
    PAYLOAD,
    COMPLETE,
    CLOSED
  }

  /// What is known of a reply of several chunks.
  private static final class Progress {
    long bytes;
    @Nullable NbdError error;
    String message = "";
  }

  private final ClientNegotiation negotiation;
  private final Outstanding outstanding;
  private final Map<Long, Progress> progress = new LinkedHashMap<>();
  private State state = State.GREETING;

  private ClientNegotiation.Head option = ClientNegotiation.Head.NONE;
  private ClientChunk chunk = ClientChunk.NONE;
  private byte[] body = WireBytes.NONE;
  private int bodyFilled;
  private int payloadRemaining;

  public ClientSession(String exportName, Outstanding outstanding) {
    this.negotiation = new ClientNegotiation(exportName);
    this.outstanding = outstanding;
  }

  /// The next event in `in`, whose position moves behind what it used.
  public ClientEvent poll(ByteBuffer in) {
    in.order(ByteOrder.BIG_ENDIAN);
    while (true) {
      ClientEvent event =
          switch (state) {
            case GREETING -> greeting(in);
            case OPTION_HEAD -> optionHead(in);
            case OPTION_DATA -> optionData(in);
            case REPLY -> reply(in);
            case CHUNK -> chunk(in);
            case PAYLOAD -> payloadFetched();
            case COMPLETE -> complete();
            case CLOSED -> new ClientEvent.Broken("session is over");
          };
      if (event != null) {
        return event;
      }
    }
  }

  /// Bytes of the current [ClientEvent.Data] that are still to be fetched.
  public int payloadRemaining() {
    return payloadRemaining;
  }

  /// Moves read data from `in` into `target`; returns the count of bytes moved.
  public int payload(ByteBuffer in, byte[] target, int targetOffset) {
    int part = Math.min(in.remaining(), payloadRemaining);
    in.get(target, targetOffset, part);
    payloadRemaining -= part;
    return part;
  }

  private @Nullable ClientEvent greeting(ByteBuffer in) {
    if (in.remaining() < ClientNegotiation.GREETING_BYTES) {
      return ClientEvent.NeedBytes.INSTANCE;
    }
    byte[] answer = negotiation.greeted(in.getLong(), in.getLong(), in.getShort());
    if (answer == null) {
      return broken("not a fixed newstyle NBD server");
    }
    state = State.OPTION_HEAD;
    return new ClientEvent.Handshake(answer);
  }

  private @Nullable ClientEvent optionHead(ByteBuffer in) {
    if (in.remaining() < NbdMagic.OPTION_REPLY_BYTES) {
      return ClientEvent.NeedBytes.INSTANCE;
    }
    option = new ClientNegotiation.Head(in.getLong(), in.getInt(), in.getInt(), in.getInt());
    if (!negotiation.expects(option)) {
      return broken("unexpected option reply " + option);
    }
    startBody(option.length());
    state = State.OPTION_DATA;
    return null;
  }

  private @Nullable ClientEvent optionData(ByteBuffer in) {
    if (!fillBody(in)) {
      return ClientEvent.NeedBytes.INSTANCE;
    }
    ClientEvent event = negotiation.replied(option, body);
    state =
        switch (event) {
          case ClientEvent.Connected _ -> State.REPLY;
          case ClientEvent.Refused _, ClientEvent.Broken _ -> State.CLOSED;
          case null, default -> State.OPTION_HEAD;
        };
    return event;
  }

  private @Nullable ClientEvent reply(ByteBuffer in) {
    if (in.remaining() < NbdMagic.SIMPLE_REPLY_BYTES) {
      return ClientEvent.NeedBytes.INSTANCE;
    }
    int magic = in.getInt(in.position());
    boolean structured = magic == NbdMagic.STRUCTURED_REPLY && negotiation.isStructured();
    if (structured && in.remaining() < NbdMagic.STRUCTURED_HEAD_BYTES) {
      return ClientEvent.NeedBytes.INSTANCE;
    }
    if (!structured && magic != NbdMagic.SIMPLE_REPLY) {
      return broken("reply magic 0x" + Integer.toHexString(magic));
    }
    chunk = structured ? ClientChunk.structured(in) : ClientChunk.simple(in);
    Request request = outstanding.find(chunk.cookie());
    if (request == null) {
      return broken("reply to nothing we asked, cookie " + chunk.cookie());
    }
    if (structured) {
      startBody(Math.min(chunk.headBytes(), CHUNK_MAX_BYTES + 1));
      state = State.CHUNK;
      return chunk.headBytes() > CHUNK_MAX_BYTES ? broken("chunk of " + chunk.length()) : null;
    }
    if (chunk.error() != 0) {
      note(NbdError.ofCode(chunk.error()), "");
    } else if (request instanceof Request.Read read) {
      if (negotiation.isStructured()) {
        return broken("simple reply to a READ after structured replies were agreed on");
      }
      return data(read, read.offset(), read.length());
    }
    state = State.COMPLETE;
    return null;
  }

  private @Nullable ClientEvent chunk(ByteBuffer in) {
    if (!fillBody(in)) {
      return ClientEvent.NeedBytes.INSTANCE;
    }
    state = State.COMPLETE;
    Request request = outstanding.find(chunk.cookie());
    return switch (chunk.decode(body)) {
      case ClientChunk.Body.Nothing() -> null;
      case ClientChunk.Body.Data(long offset, long length) ->
          request instanceof Request.Read read
              ? data(read, offset, length)
              : broken("data for what is no READ");
      case ClientChunk.Body.Hole(long offset, long length) ->
          request instanceof Request.Read read
              ? hole(read, offset, length)
              : broken("hole for what is no READ");
      case ClientChunk.Body.Status(var extents) -> new ClientEvent.Status(chunk.cookie(), extents);
      case ClientChunk.Body.Failed(NbdError error, String message) -> {
        note(error, message);
        yield null;
      }
      case ClientChunk.Body.Malformed(String why) -> broken(why);
    };
  }

  private ClientEvent data(Request.Read read, long offset, long length) {
    if (!isInside(read, offset, length)) {
      return broken("data at " + offset + " length " + length + " outside of " + read);
    }
    noteBytes(length);
    payloadRemaining = (int) length;
    state = State.PAYLOAD;
    return new ClientEvent.Data(chunk.cookie(), (int) (offset - read.offset()), (int) length);
  }

  private ClientEvent hole(Request.Read read, long offset, long length) {
    if (!isInside(read, offset, length)) {
      return broken("hole at " + offset + " length " + length + " outside of " + read);
    }
    noteBytes(length);
    return new ClientEvent.Hole(chunk.cookie(), (int) (offset - read.offset()), (int) length);
  }

  private static boolean isInside(Request.Read read, long offset, long length) {
    return offset >= read.offset()
        && length >= 0
        && offset - read.offset() <= read.length() - length;
  }

  private @Nullable ClientEvent payloadFetched() {
    if (payloadRemaining > 0) {
      throw new IllegalStateException(payloadRemaining + " bytes of data not fetched");
    }
    state = State.COMPLETE;
    return null;
  }

  private @Nullable ClientEvent complete() {
    state = State.REPLY;
    if (!chunk.isLast()) {
      return null;
    }
    Progress done = progress.remove(chunk.cookie());
    Request request = outstanding.find(chunk.cookie());
    NbdError error = done == null ? null : done.error;
    String message = done == null ? "" : done.message;
    long bytes = done == null ? 0 : done.bytes;
    if (error == null && request instanceof Request.Read read && bytes != read.length()) {
      error = NbdError.EIO;
      message = "server sent " + bytes + " of " + read.length() + " bytes";
    }
    return new ClientEvent.Completed(chunk.cookie(), error, message);
  }

  private void noteBytes(long count) {
    progress.computeIfAbsent(chunk.cookie(), _ -> new Progress()).bytes += count;
  }

  private void note(NbdError error, String message) {
    Progress noted = progress.computeIfAbsent(chunk.cookie(), _ -> new Progress());
    noted.error = error;
    noted.message = message;
  }

  private void startBody(int length) {
    body = length == 0 ? WireBytes.NONE : new byte[length];
    bodyFilled = 0;
  }

  private boolean fillBody(ByteBuffer in) {
    int part = Math.min(in.remaining(), body.length - bodyFilled);
    in.get(body, bodyFilled, part);
    bodyFilled += part;
    return bodyFilled == body.length;
  }

  private ClientEvent broken(String reason) {
    state = State.CLOSED;
    return new ClientEvent.Broken(reason);
  }
}
