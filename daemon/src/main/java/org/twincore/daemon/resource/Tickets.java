package org.twincore.daemon.resource;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.AdminResult;

/// The commands that one resource has not answered yet.
final class Tickets {
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentHashMap<Long, CompletableFuture<AdminResult>> waiting =
      new ConcurrentHashMap<>();
  private volatile @Nullable String end;

  /// A command on its way: its ticket and its answer to come.
  record Ticket(long number, CompletableFuture<AdminResult> answer) {
    /// Whether the answer is there, or comes within that time.
    boolean isAnsweredWithin(long seconds) {
      CompletableFuture<?> over =
          answer.handle((_, _) -> true).completeOnTimeout(false, seconds, TimeUnit.SECONDS);
      return Boolean.TRUE.equals(over.join());
    }
  }

  Ticket take() {
    Ticket ticket = new Ticket(numbers.incrementAndGet(), new CompletableFuture<>());
    waiting.put(ticket.number, ticket.answer);
    if (end != null) {
      failAll(end);
    }
    return ticket;
  }

  void done(long number, AdminResult result) {
    CompletableFuture<AdminResult> answer = waiting.remove(number);
    if (answer != null) {
      answer.complete(result);
    }
  }

  /// No answer comes any more.
  void failAll(String reason) {
    end = reason;
    for (Long number : waiting.keySet()) {
      CompletableFuture<AdminResult> answer = waiting.remove(number);
      if (answer != null) {
        answer.completeExceptionally(new IllegalStateException(reason));
      }
    }
  }
}
