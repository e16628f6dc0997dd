package org.twincore.daemon.nbd;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.twincore.daemon.loop.Aftermath;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.port.Applications;
import org.twincore.drbd.wire.Payload;
import org.twincore.host.nbd.BlockTarget.Done;
import org.twincore.host.nbd.BlockTarget.ReadDone;
import org.twincore.nbd.NbdError;

/// The application requests that one resource has not answered yet, by cookie.
///
/// Answers go out after the turn that decided them. When the resource is no more ([#failAll]) all
/// that is left, and all that still comes, fails: no client waits for ever.
public final class PendingAnswers implements Applications {
  private sealed interface Waiting {}

  private record Reading(ReadDone done) implements Waiting {}

  private record Doing(Done done) implements Waiting {}

  private final Aftermath aftermath;
  private final AtomicLong cookies = new AtomicLong();
  private final ConcurrentHashMap<Long, Waiting> waiting = new ConcurrentHashMap<>();
  private volatile @Nullable String end;

  public PendingAnswers(Aftermath aftermath) {
    this.aftermath = aftermath;
  }

  /// The cookie for a read that `done` finishes.
  long awaitData(ReadDone done) {
    return await(new Reading(done));
  }

  /// The cookie for another request that `done` finishes.
  long await(Done done) {
    return await(new Doing(done));
  }

  private long await(Waiting request) {
    long cookie = cookies.incrementAndGet();
    waiting.put(cookie, request);
    if (end != null) {
      fail(cookie, NbdError.ESHUTDOWN, end);
    }
    return cookie;
  }

  @Override
  public void carryOut(Effect.OfApplication effect) {
    aftermath.addAnswer(() -> answer(effect));
  }

  private void answer(Effect.OfApplication effect) {
    switch (effect) {
      case Effect.AppDone(int _, long cookie) -> {
        if (waiting.remove(cookie) instanceof Doing(Done done)) {
          done.done();
        }
      }
      case Effect.AppReadDone(int _, long cookie, Payload payload) -> {
        if (waiting.remove(cookie) instanceof Reading(ReadDone done)) {
          done.data(ByteBuffer.wrap(payload.array(), payload.arrayOffset(), payload.lengthBytes()));
        }
      }
      case Effect.AppFailed(int _, long cookie, Effect.AppError error) ->
          fail(cookie, errorOf(error), textOf(error));
    }
  }

  private void fail(long cookie, NbdError error, String text) {
    switch (waiting.remove(cookie)) {
      case Reading(ReadDone done) -> done.failed(error, text);
      case Doing(Done done) -> done.failed(error, text);
      case null -> {
        // answered already, by the other of two threads that found the end
      }
    }
  }

  /// The resource answers nothing any more; `reason` is for the clients.
  public void failAll(String reason) {
    end = reason;
    for (Long cookie : waiting.keySet()) {
      fail(cookie, NbdError.EIO, reason);
    }
  }

  /// Requests not answered yet.
  public int count() {
    return waiting.size();
  }

  private static NbdError errorOf(Effect.AppError error) {
    return switch (error) {
      case IO -> NbdError.EIO;
      case READ_ONLY -> NbdError.EPERM;
      case INVALID -> NbdError.EINVAL;
      case SHUT_DOWN -> NbdError.ESHUTDOWN;
    };
  }

  private static String textOf(Effect.AppError error) {
    return switch (error) {
      case IO -> "no usable copy of the data here or at the peer";
      case READ_ONLY -> "the volume is not writable here";
      case INVALID -> "the request does not fit the volume";
      case SHUT_DOWN -> "the volume is being shut down";
    };
  }
}
