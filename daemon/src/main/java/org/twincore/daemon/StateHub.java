package org.twincore.daemon;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.twincore.daemon.report.Events2Text;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.resource.StateFeed;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.engine.exchange.VerifyReport;

/// Hands what happens to resources on to everybody who listens, each by a bounded queue.
///
/// Who is too slow loses notes and is told how many; the next snapshot makes up for lost ones.
final class StateHub implements StateFeed {
  private static final int NOTES_MAX = 4096;

  private final CopyOnWriteArrayList<Listener> listeners = new CopyOnWriteArrayList<>();

  /// One thing to tell.
  sealed interface Note {}

  record Snapshot(ReportedResource resource) implements Note {}

  record Gone(ReportedResource last) implements Note {}

  /// A finished line of events2.
  record Line(String text) implements Note {}

  /// So many notes before the next one were lost.
  record Skipped(long count) implements Note {}

  /// Nothing comes any more.
  record Stopped() implements Note {}

  @Override
  public void changed(Supplier<ReportedResource> snapshot) {
    if (!listeners.isEmpty()) {
      ReportedResource resource = snapshot.get();
      tell(resource.name(), new Snapshot(resource));
    }
  }

  @Override
  public void gone(ReportedResource last) {
    tell(last.name(), new Gone(last));
  }

  @Override
  public void handlerCalled(ReportedResource resource, VolumeStatus volume, String handler) {
    tell(resource.name(), new Line(Events2Text.call(resource, volume, handler)));
  }

  @Override
  public void handlerEnded(
      ReportedResource resource, VolumeStatus volume, String handler, int exitCode) {
    tell(resource.name(), new Line(Events2Text.response(resource, volume, handler, exitCode)));
  }

  /// What a verify has found is no event of events2.
  @Override
  public void verifyEnded(String resource, int volume, VerifyReport report) {}

  private void tell(String resource, Note note) {
    for (Listener listener : listeners) {
      if (listener.only.isEmpty() || listener.only.get().equals(resource)) {
        listener.offer(note);
      }
    }
  }

  /// Listens to one resource or to all, from now on until closed.
  Listener listen(Optional<String> only) {
    Listener listener = new Listener(only, listeners::remove);
    listeners.add(listener);
    return listener;
  }

  /// Ends every listener's wait.
  void stopAll() {
    List.copyOf(listeners).forEach(Listener::stop);
  }

  /// One who listens; [#next] belongs to one thread.
  static final class Listener implements AutoCloseable {
    private final Optional<String> only;
    private final Consumer<Listener> leave;
    private final LinkedBlockingQueue<Note> notes = new LinkedBlockingQueue<>(NOTES_MAX);
    private final AtomicLong lost = new AtomicLong();

    private Listener(Optional<String> only, Consumer<Listener> leave) {
      this.only = only;
      this.leave = leave;
    }

    private void offer(Note note) {
      if (!notes.offer(note)) {
        lost.incrementAndGet();
      }
    }

    /// Waits for the next note.
    Note next() throws InterruptedException {
      if (notes.isEmpty() && lost.get() > 0) {
        return new Skipped(lost.getAndSet(0));
      }
      return notes.take();
    }

    void stop() {
      notes.clear();
      notes.offer(new Stopped());
    }

    @Override
    public void close() {
      leave.accept(this);
    }
  }
}
