package org.twincore.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.twincore.admin.AdminRequest.Layout;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.resource.RefusedException;
import org.twincore.daemon.resource.ResourceAdmin;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.StateFeed;
import org.twincore.daemon.resource.Wiring;
import org.twincore.daemon.verify.VerifyCalendar;
import org.twincore.daemon.verify.VerifyCalendar.Seen;
import org.twincore.daemon.verify.VerifyReportText;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.engine.exchange.VerifyReport;
import org.twincore.drbd.engine.exchange.Waiting;
import org.twincore.drbd.wire.StateWord;

/// Begins the verifies that a [VerifyCalendar] asks for, on a thread of its own, and enters in its
/// books what became of each.
///
/// Stands between the resources and who listens to them, as [ResyncTurns] does.
final class ScheduledVerifies implements StateFeed {
  private static final Logger LOG = System.getLogger("org.twincore.verify");
  private static final long LOOK_SECONDS = 5;

  private final StateFeed next;
  private final VerifyCalendar calendar;
  private final String node;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();
  private final Semaphore due = new Semaphore(0);
  private volatile boolean isClosed;

  private record Ended(String resource, int volume, VerifyReport report) {}

  /// `node` is the own name; `clock` the time of the day.
  ScheduledVerifies(StateFeed next, VerifyCalendar calendar, String node, InstantSource clock) {
    this.next = next;
    this.calendar = calendar;
    this.node = node;
    this.clock = clock;
  }

  /// Begins; `resources` are the node's, whenever asked.
  void start(Supplier<List<ResourceNode>> resources) {
    Thread.ofVirtual().name("verify-schedule").start(() -> run(resources));
  }

  private void run(Supplier<List<ResourceNode>> resources) {
    try {
      while (!isClosed) {
        due.tryAcquire(LOOK_SECONDS, TimeUnit.SECONDS);
        due.drainPermits();
        if (!isClosed) {
          look(resources.get());
        }
      }
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(List<ResourceNode> resources) {
    Optional<VerifyCalendar.Start> start =
        locked(it -> {
          enter();
          return it.look(clock.instant(), seen(resources));
        });
    start.ifPresent(it ->
        resources.stream()
            .filter(resource -> resource.name().equals(it.resource()))
            .findFirst()
            .ifPresent(resource -> begin(resource, it)));
  }

  private void begin(ResourceNode resource, VerifyCalendar.Start start) {
    Instant now = clock.instant();
    AdminCommand command =
        new AdminCommand.Verify(
            start.volume(),
            OptionalLong.of(start.fromSector()),
            OptionalLong.empty(),
            OptionalLong.of(start.rateKib()));
    String answer;
    try {
      AdminResult result = new ResourceAdmin(resource).change(command);
      answer = result.isSuccess() ? "begun" : result.toString();
      if (result.isSuccess()) {
        locked(it -> {
          it.begun(now, start);
          return it;
        });
      }
    } catch (RefusedException refused) {
      answer = refused.getMessage();
    }
    LOG.log(
        Level.INFO,
        "resource={0} volume={1} scheduled-verify=\"{2}\" from-sector={3} rate-kib={4}",
        start.resource(),
        start.volume(),
        answer,
        Long.toString(start.fromSector()),
        Long.toString(start.rateKib()));
  }

  /// What ended goes into the books.
  private void enter() {
    for (Ended each = ended.poll(); each != null; each = ended.poll()) {
      calendar.ended(clock.instant(), each.resource, each.volume, each.report);
    }
  }

  private <T> T locked(Function<VerifyCalendar, T> action) {
    lock.lock();
    try {
      return action.apply(calendar);
    } finally {
      lock.unlock();
    }
  }

  private List<Seen> seen(List<ResourceNode> resources) {
    List<Seen> all = new ArrayList<>();
    for (ResourceNode resource : resources) {
      for (VolumeStatus volume : resource.reported().status().volumes()) {
        all.add(
            new Seen(
                resource.name(),
                volume.volume(),
                isOurs(resource),
                obstacle(resource, volume.state()),
                volume.state().conn().isAtLeast(ConnectionState.CONNECTED)
                    && volume.state().conn() != ConnectionState.CONNECTED,
                resource.loop().ask(machine -> machine.verifyReached(volume.volume()))));
      }
    }
    return all;
  }

  private boolean isOurs(ResourceNode resource) {
    Optional<String> named = calendar.schedule().times().node();
    return named.isPresent()
        ? named.get().equals(node)
        : resource.wiring().map(Wiring::nodeId).orElse(0) == 0;
  }

  private static String obstacle(ResourceNode resource, StateWord state) {
    Optional<Wiring> wiring = resource.wiring();
    if (wiring.isEmpty()) {
      return "it has no connection";
    }
    if (wiring.get().net().word(Option.VERIFY_ALG).isEmpty()) {
      return "verify-alg is not set";
    }
    if (state.conn() != ConnectionState.CONNECTED) {
      return "the connection is " + state.conn();
    }
    boolean areGood = state.disk() == DiskState.UP_TO_DATE && state.pdsk() == DiskState.UP_TO_DATE;
    return areGood ? "" : "the disks are " + state.disk() + " and " + state.pdsk();
  }

  /// `drbdadm verify-report` about these.
  String report(List<ResourceNode> resources, Layout layout) {
    List<String> names = resources.stream().map(ResourceNode::name).toList();
    List<Seen> volumes = seen(resources);
    return locked(it -> {
      enter();
      Instant now = clock.instant();
      return switch (layout) {
        case TEXT -> VerifyReportText.text(it, names, volumes, now);
        case JSON -> VerifyReportText.json(it, names, volumes, now);
      };
    });
  }

  /// For `drbdadm why`: what is due and cannot begin.
  List<Waiting> waitings(ResourceNode resource) {
    List<Seen> volumes = seen(List.of(resource));
    return locked(it -> {
      Instant now = clock.instant();
      return volumes.stream()
          .filter(seen -> seen.isOurs() && !seen.obstacle().isEmpty())
          .filter(seen -> seen.reachedSector().isEmpty())
          .filter(seen ->
              it.due(seen.resource(), seen.volume(), now)
                  .filter(time -> !time.isAfter(now))
                  .isPresent())
          .map(seen ->
              new Waiting(
                  seen.volume(),
                  Waiting.Topic.VERIFY,
                  "a scheduled verify is due (" + it.schedule().words() + ")",
                  "",
                  "it is otherwise than that " + seen.obstacle(),
                  0))
          .toList();
    });
  }

  @Override
  public void changed(Supplier<ReportedResource> snapshot) {
    next.changed(snapshot);
  }

  @Override
  public void gone(ReportedResource last) {
    next.gone(last);
  }

  @Override
  public void handlerCalled(ReportedResource resource, VolumeStatus volume, String handler) {
    next.handlerCalled(resource, volume, handler);
  }

  @Override
  public void handlerEnded(
      ReportedResource resource, VolumeStatus volume, String handler, int exitCode) {
    next.handlerEnded(resource, volume, handler, exitCode);
  }

  @Override
  public void verifyEnded(String resource, int volume, VerifyReport report) {
    LOG.log(
        report.outOfSyncBlocks() == 0 ? Level.INFO : Level.WARNING,
        "resource={0} volume={1} verify=\"{2}\" sectors={3} out-of-sync-blocks={4} dropped={5}",
        resource,
        volume,
        report.isInterrupted() ? "interrupted" : "done",
        Long.toString(report.comparedSectors()),
        Long.toString(report.outOfSyncBlocks()),
        Long.toString(report.droppedBlocks()));
    ended.add(new Ended(resource, volume, report));
    due.release();
    next.verifyEnded(resource, volume, report);
  }

  /// Nothing begins any more; what ended is entered.
  void close() {
    isClosed = true;
    due.release();
    locked(it -> {
      enter();
      return it;
    });
  }
}
