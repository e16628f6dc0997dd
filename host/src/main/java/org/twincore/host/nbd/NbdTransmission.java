package org.twincore.host.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.ReplyEncoder;
import org.twincore.nbd.Request;
import org.twincore.nbd.ServerEvent;
import org.twincore.nbd.ServerSession;
import org.twincore.nbd.ZeroMode;

/// The transmission phase of one connection: requests in, replies out, and the end.
///
/// At the end the target is closed when the last request is finished, by whichever thread finished
/// it: a device whose I/O is frozen keeps its opener, not the thread.
final class NbdTransmission implements PendingRequest.Finish {
  private static final Logger LOG = System.getLogger("org.twincore.nbd");

  private final ServingRoom room;
  private final SocketEnd socket;
  private final ServerSession session;
  private final BlockTarget target;
  private final String export;
  private final RequestWindow window;
  private final ReplyQueue replies;

  /// Requests at the target, and one for the connection itself.
  private final AtomicInteger holders = new AtomicInteger(1);

  NbdTransmission(
      ServingRoom room,
      SocketEnd socket,
      ServerSession session,
      BlockTarget target,
      String export,
      ReplyEncoder encoder) {
    this.room = room;
    this.socket = socket;
    this.session = session;
    this.target = target;
    this.export = export;
    this.window = new RequestWindow(room.settings(), room.budget(), socket::wake);
    this.replies =
        new ReplyQueue(
            socket.channel, encoder, window, target.replyHold(), socket::wake, room.pool());
  }

  /// Serves until the client goes; `early` is what came behind the negotiation. Returns why it
  /// ended.
  String run(ByteBuffer early) {
    ByteBuffer in = room.pool().take().put(early).flip();
    target.gather();
    try {
      return serve(in);
    } catch (IOException lost) {
      if (socket.isStopped() && !socket.isCut()) {
        finishInFlight();
      }
      return String.valueOf(lost.getMessage());
    } finally {
      target.submit();
      replies.discard();
      release();
      room.pool().give(in);
    }
  }

  String describe() {
    return "export=" + export + " in_flight=" + window.requests();
  }

  @Override
  public void finished(PendingRequest request) {
    replies.add(request);
    release();
  }

  private String serve(ByteBuffer in) throws IOException {
    while (true) {
      switch (session.poll(in)) {
        case ServerEvent.NeedBytes _ -> {
          in.compact();
          read(in);
          in.flip();
        }
        case ServerEvent.Refused(var reply) ->
            admit(new Request.Flush(reply.cookie()), 0).failed(reply.error(), reply.message());
        case Request.Disconnect _ -> {
          finishInFlight();
          return "by the client";
        }
        case ServerEvent.Closed(String reason, _, _) -> {
          room.noteRefused(export, reason, false);
          finishInFlight();
          return reason;
        }
        case Request request -> dispatch(request, in);
        case ServerEvent.Handshake _, ServerEvent.Transmission _ ->
            throw new IllegalStateException("negotiation after its end");
      }
    }
  }

  private void dispatch(Request request, ByteBuffer in) throws IOException {
    PendingRequest pending = admit(request, payloadBytes(request));
    byte[] payload = null;
    if (request instanceof Request.Write write) {
      try {
        payload = payload(write.length(), in);
      } catch (IOException lost) {
        pending.failed(NbdError.EIO, "connection lost");
        throw lost;
      }
    }
    try {
      submit(request, payload, pending);
    } catch (RuntimeException defect) {
      LOG.log(Level.ERROR, "nbd export=" + export + " " + request + " failed", defect);
      pending.failed(NbdError.EIO, "internal error");
    }
  }

  private void submit(Request request, byte @Nullable [] payload, PendingRequest pending) {
    switch (request) {
      case Request.Read read -> target.read(read.offset(), read.length(), pending);
      case Request.Write write -> {
        if (payload == null) {
          throw new IllegalStateException("write without payload");
        }
        target.write(payload, 0, write.length(), write.offset(), write.fua(), pending);
      }
      case Request.Flush _ -> target.flush(pending);
      case Request.Trim trim ->
          target.discard(
              trim.offset(), trim.length(), BlockTarget.Discard.TRIM, trim.fua(), pending);
      case Request.WriteZeroes zero ->
          target.discard(zero.offset(), zero.length(), kind(zero.mode()), zero.fua(), pending);
      case Request.Cache cache -> target.cache(cache.offset(), cache.length(), pending);
      case Request.BlockStatus status ->
          target.blockStatus(status.offset(), status.length(), pending);
      case Request.Disconnect _ -> throw new IllegalStateException("not for the target");
    }
  }

  private static BlockTarget.Discard kind(ZeroMode mode) {
    return switch (mode) {
      case MAY_PUNCH -> BlockTarget.Discard.ZEROES;
      case NO_HOLE -> BlockTarget.Discard.ZEROES_NO_HOLE;
      case FAST_MAY_PUNCH -> BlockTarget.Discard.FAST_ZEROES;
      case FAST_NO_HOLE -> BlockTarget.Discard.FAST_ZEROES_NO_HOLE;
    };
  }

  private static long payloadBytes(Request request) {
    return switch (request) {
      case Request.Read read -> read.length();
      case Request.Write write -> write.length();
      case Request.Flush _,
          Request.Trim _,
          Request.WriteZeroes _,
          Request.Cache _,
          Request.BlockStatus _,
          Request.Disconnect _ ->
          0;
    };
  }

  /// Waits for a place in the window; nothing is read meanwhile, which is the back-pressure.
  private PendingRequest admit(Request request, long payloadBytes) throws IOException {
    ScheduledFuture<?> patience = null;
    try {
      while (!window.tryAcquire(payloadBytes)) {
        if (patience == null && window.awaitsOthers()) {
          patience = room.everyMillis(room.settings().stallMillis(), this::cutStalled);
        }
        waitFor(false);
      }
    } finally {
      if (patience != null) {
        patience.cancel(false);
      }
    }
    holders.incrementAndGet();
    return new PendingRequest(request, payloadBytes, this);
  }

  /// This client, which takes its own replies, has waited long enough for what others do not take.
  private void cutStalled() {
    if (window.awaitsOthers() && !replies.isBlocked()) {
      room.cutStalled();
    }
  }

  /// How long the client has kept room from others in replies that it does not take; 0 if it keeps
  /// none.
  long hoardingNanos() {
    return window.holdsShared() ? replies.blockedNanos() : 0;
  }

  /// The payload in an array of its own. What is buffered is moved, the rest read by way of `in`.
  private byte[] payload(int length, ByteBuffer in) throws IOException {
    byte[] array = new byte[length];
    int filled = session.payload(in, array, 0);
    if (filled == length) {
      return array;
    }
    target.submit();
    ScheduledFuture<?> timeout = null;
    try {
      while (filled < length) {
        in.clear();
        while (socket.tryRead(in) == 0) {
          if (timeout == null) {
            timeout =
                room.afterMillis(
                    room.settings().payloadTimeoutMillis(), () -> socket.stop("payload timeout"));
          }
          waitFor(true);
        }
        in.flip();
        filled += session.payload(in, array, filled);
      }
    } finally {
      if (timeout != null) {
        timeout.cancel(false);
      }
    }
    return array;
  }

  private void read(ByteBuffer in) throws IOException {
    target.submit();
    replies.drain();
    while (socket.tryRead(in) == 0) {
      waitFor(true);
    }
  }

  private void waitFor(boolean input) throws IOException {
    target.submit();
    replies.drain();
    socket.await(input, replies.isBlocked());
    replies.resume();
    if (replies.isBroken()) {
      throw new IOException("connection lost");
    }
  }

  /// Answers what is in flight; a client that is gone, or a second stop, ends the wait.
  private void finishInFlight() {
    target.submit();
    try {
      while (!replies.isBroken()) {
        replies.drain();
        if (window.isEmptyOrWaits() && !replies.isBlocked()) {
          return;
        }
        socket.sleep(false, replies.isBlocked());
        replies.resume();
        if (room.isAborting() || socket.isCut()) {
          return;
        }
      }
    } catch (IOException lost) {
      LOG.log(Level.DEBUG, "nbd export={0} closed early: {1}", export, lost.getMessage());
    }
  }

  private void release() {
    if (holders.decrementAndGet() == 0) {
      target.close();
    }
  }
}
