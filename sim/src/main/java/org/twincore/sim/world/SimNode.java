package org.twincore.sim.world;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.Resource;
import org.twincore.drbd.engine.ResyncOrder;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.port.Applications;
import org.twincore.drbd.engine.port.EffectRunner;
import org.twincore.drbd.engine.port.NodeServices;
import org.twincore.drbd.wire.Features;
import org.twincore.testkit.Prng;

/// One machine with one DRBD node process: the real [Resource] and [EffectRunner] between simulated
/// drives and network.
///
/// The process can be started, stopped for a while, killed, or lose its power with the machine; the
/// drives stay. Events are applied one at a time and never from inside a step.
public final class SimNode {
  /// More ticks than this, each due at once, are a node that spins.
  private static final int TICKS_IN_A_ROW_MAX = 1_000;

  private static final long TICK_DELAY_MIN_NANOS = Simulation.MICROSECOND;

  private final Simulation simulation;
  private final SimNetwork network;
  private final Prng random;
  private final int id;
  private final TreeMap<Integer, SimDrive> drives = new TreeMap<>();
  private final List<NodeWatcher> watchers = new ArrayList<>();
  private Tamper tamper = Tamper.NONE;
  private Applications applications = _ -> {};
  private Programs programs = Programs.NONE;
  private int protocolMax = Features.PROTOCOL_MAX;
  private @Nullable Process process;
  private int processes;

  /// What an admin has put under the names of handlers. Both are asked for each call, the time at
  /// its begin and the exit code at its end; a node that ended meanwhile does not hear of it.
  public interface Programs {
    /// No handler is configured: 0, at once.
    Programs NONE =
        new Programs() {
          @Override
          public long takesNanos(String handler) {
            return 0;
          }

          @Override
          public int exitCode(String handler) {
            return 0;
          }
        };

    /// Programs that end at once, each as it says.
    static Programs atOnce(ToIntFunction<String> exitCodes) {
      return new Programs() {
        @Override
        public long takesNanos(String handler) {
          return 0;
        }

        @Override
        public int exitCode(String handler) {
          return exitCodes.applyAsInt(handler);
        }
      };
    }

    /// How long that call takes, nanoseconds.
    long takesNanos(String handler);

    int exitCode(String handler);
  }

  /// How a process ended.
  public enum Ending {
    /// The process only: what it wrote is in the machine's cache.
    KILL,
    /// The machine: what was not flushed may be lost.
    POWER_CUT
  }

  /// What lives from a start to an end.
  private final class Process {
    private final Resource resource;
    private final EffectRunner runner;
    private final Effects effects = new Effects();
    private final SimLink link;
    private final TreeMap<Integer, SimDisk> disks = new TreeMap<>();
    private final TreeMap<Integer, SimUndoFile> undoFiles = new TreeMap<>();
    private final TreeMap<Long, Consumer<AdminResult>> tickets = new TreeMap<>();
    private final ArrayDeque<Event> waiting = new ArrayDeque<>();
    private long lastTicket;
    private long tickAtNanos = Long.MAX_VALUE;
    private long pausedUntilNanos;
    private boolean isStepping;
    private int ticksInARow;

    Process(String name, OptionValues options, EpochEnd epochs) {
      resource = new Resource(name, options, random.split(), epochs, protocolMax);
      link = network.link(id, this::arrive);
      runner = new EffectRunner(link, answer -> applications.carryOut(answer), services());
    }

    private NodeServices services() {
      return effect -> {
        switch (effect) {
          case Effect.AdminDone(long ticket, AdminResult result) -> {
            Consumer<AdminResult> waiter = tickets.remove(ticket);
            if (waiter == null) {
              throw new IllegalStateException("ticket " + ticket + " is answered twice");
            }
            simulation.after(0, () -> waiter.accept(result));
          }
          case Effect.StateChanged changed ->
              simulation
                  .trace()
                  .line(
                      "%s/%d %s -> %s (%s)"
                          .formatted(
                              name(),
                              changed.volume(),
                              changed.before(),
                              changed.after(),
                              changed.reason()));
          case Effect.SizeChanged(int volume, long sectors) ->
              simulation.trace().line("%s/%d size %d sectors".formatted(name(), volume, sectors));
          case Effect.MetadataMoved(int volume, long bytes) -> {
            simulation.trace().line("%s/%d metadata at %d".formatted(name(), volume, bytes));
            drive(volume).remember(bytes, drive(volume).known().deviceUuid());
          }
          case Effect.CallHandler(int volume, String handler, long token) -> {
            simulation.trace().line("%s/%d handler %s".formatted(name(), volume, handler));
            long takes = programs.takesNanos(handler);
            simulation.after(
                takes,
                () -> {
                  if (process != this) {
                    return;
                  }
                  int exitCode = programs.exitCode(handler);
                  if (token != 0) {
                    arrive(new Event.HandlerDone(token, exitCode));
                  }
                });
          }
          case Effect.Log(Effect.Level level, String text) ->
              simulation.trace().line("%s %s %s".formatted(name(), level, text));
          case Effect.VerifyEnded(int volume, var report) ->
              simulation.trace().line("%s/%d verify: %s".formatted(name(), volume, report));
          case Effect.Decided decided ->
              simulation.trace().detail(decided.rows().hashCode(), () -> name() + " " + decided);
        }
      };
    }

    /// An edge has something: applied at once unless a step runs or the process is stopped.
    void arrive(Event event) {
      if (process != this) {
        return;
      }
      waiting.add(event);
      if (!isStepping && pausedUntilNanos <= simulation.nowNanos()) {
        applyWaiting();
      }
    }

    private void applyWaiting() {
      while (process == this && !waiting.isEmpty()) {
        for (Event event : tamper.event(SimNode.this, waiting.removeFirst())) {
          apply(event);
        }
      }
    }

    private void apply(Event event) {
      isStepping = true;
      ticksInARow = event instanceof Event.Tick ? ticksInARow + 1 : 0;
      watchers.forEach(watcher -> watcher.event(SimNode.this, event));
      simulation
          .trace()
          .detail(event.getClass().getName().hashCode(), () -> name() + " < " + event);
      resource.step(simulation.nowNanos(), event, effects);
      List<Effect> wanted = effects.drain();
      for (Effect effect : wanted) {
        for (Effect real : tamper.effect(SimNode.this, effect)) {
          effects.add(real);
        }
      }
      for (Effect effect : wanted) {
        simulation
            .trace()
            .detail(effect.getClass().getName().hashCode(), () -> name() + " > " + effect);
        watchers.forEach(watcher -> watcher.effect(SimNode.this, effect));
      }
      runner.run(effects);
      isStepping = false;
      watchers.forEach(watcher -> watcher.stepped(SimNode.this));
      if (event instanceof Event.Admin
          || wanted.stream().anyMatch(Effect.StateChanged.class::isInstance)) {
        orderResyncs();
      }
      if (ticksInARow > TICKS_IN_A_ROW_MAX
          && resource.nextDeadlineNanos() <= simulation.nowNanos()) {
        throw new Simulation.Stuck(name() + " asks for a tick again and again");
      }
      scheduleTick();
    }

    /// As the real node does for all its resources; a volume's minor is its number here.
    private void orderResyncs() {
      ResyncOrder.changes(resource.resyncMembers())
          .forEach((minor, waits) -> waiting.add(new Event.ResyncOrder(minor, waits)));
    }

    private void scheduleTick() {
      long deadline = resource.nextDeadlineNanos();
      if (deadline == Long.MAX_VALUE || deadline >= tickAtNanos) {
        return;
      }
      long at = Math.max(deadline, simulation.nowNanos() + TICK_DELAY_MIN_NANOS);
      tickAtNanos = at;
      simulation.at(at, () -> tick(at));
    }

    private void tick(long at) {
      if (process != this || tickAtNanos != at) {
        return;
      }
      tickAtNanos = Long.MAX_VALUE;
      if (resource.nextDeadlineNanos() <= simulation.nowNanos()) {
        arrive(new Event.Tick());
      } else {
        scheduleTick();
      }
    }

    private void pauseUntil(long nanos) {
      pausedUntilNanos = Math.max(pausedUntilNanos, nanos);
      simulation.at(
          nanos,
          () -> {
            if (pausedUntilNanos <= simulation.nowNanos()) {
              applyWaiting();
            }
          });
    }
  }

  public SimNode(Simulation simulation, SimNetwork network, int id, Prng random) {
    this.simulation = simulation;
    this.network = network;
    this.id = id;
    this.random = random;
  }

  /// 0 or 1.
  public int id() {
    return id;
  }

  /// `core-01` or `core-02`.
  public String name() {
    return "core-0" + (id + 1);
  }

  public Simulation simulation() {
    return simulation;
  }

  public void addDrive(int volume, SimDrive drive) {
    drives.put(volume, drive);
  }

  /// The drive under a volume.
  public SimDrive drive(int volume) {
    SimDrive drive = drives.get(volume);
    if (drive == null) {
      throw new IllegalArgumentException("no drive under volume " + volume);
    }
    return drive;
  }

  public void watch(NodeWatcher watcher) {
    watchers.add(watcher);
  }

  /// The handler programs of the node; none at first.
  public void programs(Programs theirs) {
    programs = theirs;
  }

  /// From the next start on the node is one that speaks protocol versions up to that.
  public void speaksUpTo(int version) {
    protocolMax = version;
  }

  public void tamper(Tamper planted) {
    tamper = planted;
  }

  /// Who gets the answers to application requests.
  public void applications(Applications receiver) {
    applications = receiver;
  }

  // ---- the process

  public boolean isRunning() {
    return process != null;
  }

  /// Changes with each start of the process; 0 before the first.
  public int processNumber() {
    return processes;
  }

  public void start(String resource, OptionValues options, EpochEnd epochs) {
    if (process != null) {
      throw new IllegalStateException(name() + " runs already");
    }
    processes++;
    network.powerBack(id);
    process = new Process(resource, options, epochs);
    simulation.trace().line(name() + " starts");
  }

  /// Ends the process at once; with a power cut the drives lose what `keep` does not spare.
  public void end(Ending ending, SimStore.Keep keep) {
    Process ended = process;
    if (ended == null) {
      return;
    }
    process = null;
    simulation.trace().line("%s ends by %s".formatted(name(), ending));
    ended.disks.values().forEach(SimDisk::abandon);
    ended.undoFiles.values().forEach(SimUndoFile::abandon);
    switch (ending) {
      case KILL -> network.processEnded(id);
      case POWER_CUT -> {
        network.powerLost(id);
        drives.values().forEach(drive -> drive.powerCut(random, keep));
      }
    }
    watchers.forEach(watcher -> watcher.down(this, ending));
  }

  /// The process does nothing until then, and catches up afterwards.
  public void pauseUntil(long nanos) {
    if (process != null) {
      process.pauseUntil(nanos);
    }
  }

  /// Is the process stopped for a while?
  public boolean isPaused() {
    return process != null && process.pausedUntilNanos > simulation.nowNanos();
  }

  /// Applies an event from an application; ignored if no process runs.
  public void deliver(Event event) {
    if (process != null) {
      process.arrive(event);
    }
  }

  /// Says `bytes` on a socket of the process, behind its packets, whatever they are; nothing if it
  /// has no such socket.
  public void noise(long socket, byte[] bytes) {
    if (process != null) {
      process.link.noise(socket, bytes);
    }
  }

  /// Gives a command; `answered` is called once, or never if the process ends before.
  public void admin(AdminCommand command, Consumer<AdminResult> answered) {
    Process running = process;
    if (running == null) {
      return;
    }
    long ticket = ++running.lastTicket;
    simulation.trace().line("%s command %d: %s".formatted(name(), ticket, brief(command)));
    running.tickets.put(
        ticket,
        result -> {
          simulation.trace().line("%s answer %d: %s".formatted(name(), ticket, result));
          answered.accept(result);
        });
    running.arrive(new Event.Admin(ticket, command));
  }

  private static String brief(AdminCommand command) {
    return command instanceof AdminCommand.Attach(int volume, var _, var _)
        ? "Attach[volume=" + volume + "]"
        : command.toString();
  }

  /// Makes the volume's drive the target of its disk effects; to be done right before Attach.
  public void connectDrive(int volume) {
    Process running = process;
    if (running != null) {
      SimDisk disk =
          new SimDisk(simulation, random.split(), volume, drive(volume), running::arrive);
      running.disks.put(volume, disk);
      running.runner.addDisk(volume, disk);
      running.undoFiles.computeIfAbsent(volume, _ -> undoFile(running, volume));
    }
  }

  private SimUndoFile undoFile(Process running, int volume) {
    SimUndoFile file =
        new SimUndoFile(simulation, random.aside(), name(), drive(volume).undo(), running::arrive);
    running.runner.addUndoFile(volume, file);
    return file;
  }

  /// Extents of writes and discards that are under way to the volume's drive.
  public List<Extent> changing(int volume) {
    SimDisk disk = process == null ? null : process.disks.get(volume);
    return disk == null ? List.of() : disk.changing();
  }

  /// The attach was refused: the drive is free again.
  public void releaseDrive(int volume) {
    Process running = process;
    if (running != null) {
      SimDisk disk = running.disks.remove(volume);
      if (disk != null) {
        disk.abandon();
      }
    }
  }

  /// Is nothing in flight to the volume's drive?
  public boolean isDriveIdle(int volume) {
    SimDisk disk = process == null ? null : process.disks.get(volume);
    return disk == null || disk.isIdle();
  }

  /// Whether the process has the volume's drive open.
  public boolean hasDriveOpen(int volume) {
    Process running = process;
    if (running == null) {
      return false;
    }
    SimDisk disk = running.disks.get(volume);
    return disk != null && !disk.isClosed();
  }

  /// Commands that were given and are not answered yet.
  public int unansweredCommands() {
    return process == null ? 0 : process.tickets.size();
  }

  /// The resource's snapshot; empty if no process runs.
  public Optional<ResourceStatus> status() {
    return process == null ? Optional.empty() : Optional.of(process.resource.status());
  }

  /// The resource itself, for questions of the edge such as `mayOpen`; empty if no process runs.
  public Optional<Resource> resource() {
    return process == null ? Optional.empty() : Optional.of(process.resource);
  }
}
