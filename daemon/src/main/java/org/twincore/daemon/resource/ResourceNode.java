package org.twincore.daemon.resource;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.twincore.daemon.device.Devices;
import org.twincore.daemon.device.VolumeDevice;
import org.twincore.daemon.dossier.Dossier;
import org.twincore.daemon.dossier.RoleHistory;
import org.twincore.daemon.loop.Aftermath;
import org.twincore.daemon.loop.Machine;
import org.twincore.daemon.loop.Replies;
import org.twincore.daemon.loop.ResourceLoop;
import org.twincore.daemon.loop.Timers;
import org.twincore.daemon.nbd.ExportedVolume;
import org.twincore.daemon.nbd.NbdExports;
import org.twincore.daemon.nbd.PendingAnswers;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.undo.UndoFolder;
import org.twincore.daemon.undo.UndoJournal;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.Resource;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.port.EffectRunner;
import org.twincore.host.disk.DiskAccess;
import org.twincore.host.disk.KnownDisks;
import org.twincore.host.nbd.Exports;
import org.twincore.host.net.Wrapping;

/// One resource of this node: its loop, and everything around it, put together by hand.
///
/// Here is what exists; what admins do to it is [ResourceAdmin]'s.
public final class ResourceNode {
  private static final Logger LOG = System.getLogger("org.twincore.resource");

  private final String name;
  private final String nodeName;
  private final Aftermath aftermath = new Aftermath();
  private final Tickets tickets = new Tickets();
  private final ChangeSignal signal = new ChangeSignal();
  private final Replies replies = new Replies();
  private final PendingAnswers answers = new PendingAnswers(aftermath);
  private final NbdExports exports;
  private final Devices devices;
  private final StateFeed feed;
  private final Handlers handlers;
  private final SwitchedLink link;
  private final Path flightRecords;
  private final DiskAccess diskAccess;
  private final KnownDisks knownDisks;
  private final UndoFolder undo;
  private final RoleHistory roles;
  private final RandomGenerator random;
  private final EffectRunner runner;
  private final ResourceServices services;
  private final ResourceLoop loop;

  /// One admin at a time changes what a resource consists of; state changes need no such lock.
  private final ReentrantLock configuring = new ReentrantLock();

  private final ConcurrentSkipListMap<Integer, VolumeNode> volumes = new ConcurrentSkipListMap<>();
  private volatile OptionValues options;
  private volatile Optional<Wiring> wiring = Optional.empty();
  private volatile boolean isGone;

  /// What all resources of a node share. `flightRecords` is a folder.
  public record Shared(
      Timers timers,
      NbdExports exports,
      Devices devices,
      StateFeed feed,
      RandomGenerator random,
      Path flightRecords,
      EpochEnd epochs,
      int protocolMax,
      DiskAccess diskAccess,
      Wrapping wrapping,
      Handlers.Surroundings handlers,
      KnownDisks knownDisks,
      UndoFolder undo) {}

  /// A new resource without volumes and connection.
  public ResourceNode(
      String name, OptionValues options, Map<String, String> handlers, Shared shared) {
    this.name = name;
    this.options = options;
    this.exports = shared.exports;
    this.devices = shared.devices;
    this.feed = shared.feed;
    this.flightRecords = shared.flightRecords;
    this.diskAccess = shared.diskAccess;
    this.knownDisks = shared.knownDisks;
    this.undo = shared.undo;
    this.roles =
        new RoleHistory(shared.flightRecords.resolve(shared.handlers.node() + ".roles-" + name));
    this.random = shared.random;
    this.nodeName = shared.handlers.node();
    this.handlers = new Handlers(name, handlers, shared.handlers);
    this.link = new SwitchedLink(name, shared.wrapping);
    this.services = new ResourceServices(this, aftermath, shared.feed);
    this.runner = new EffectRunner(link, answers, services);
    this.loop =
        new ResourceLoop(
            Machine.of(
                new Resource(name, options, shared.random, shared.epochs, shared.protocolMax)),
            new ResourceLoop.Surroundings(
                runner,
                aftermath,
                link::flush,
                replies,
                System::nanoTime,
                shared.timers,
                this::brokenBy));
  }

  KnownDisks knownDisks() {
    return knownDisks;
  }

  UndoFolder undoFolder() {
    return undo;
  }

  /// Opens a volume as an NBD client would.
  Exports.Opening open(VolumeNode volume) {
    return exports.open(ExportedVolume.exportName(name, volume.number()));
  }

  DiskAccess diskAccess() {
    return diskAccess;
  }

  public String name() {
    return name;
  }

  public ResourceLoop loop() {
    return loop;
  }

  /// Of the node that it is on.
  String nodeName() {
    return nodeName;
  }

  /// Woken at each change of a state.
  public ChangeSignal signal() {
    return signal;
  }

  /// The volume of that number, if it was made.
  public Optional<VolumeNode> volume(int number) {
    return Optional.ofNullable(volumes.get(number));
  }

  /// All volumes, lowest number first.
  public List<VolumeNode> volumes() {
    return List.copyOf(volumes.values());
  }

  public Optional<Wiring> wiring() {
    return wiring;
  }

  /// The net options as they hold now: those of `connect`, with what either admin changed since.
  public OptionValues net() {
    return loop.ask(Machine::net);
  }

  public OptionValues options() {
    return options;
  }

  /// How it stands, for the tools.
  public ReportedResource reported() {
    return new ReportedResource(
        loop.ask(Machine::status),
        wiring.map(Wiring::network).orElse(ReportedResource.Network.NONE));
  }

  /// Whether it was taken apart.
  public boolean isGone() {
    return isGone;
  }

  /// Whether this node was Primary without a peer when it last stopped.
  public boolean wasAlone() {
    return volumes().stream()
        .anyMatch(v -> v.attached().map(VolumeNode.Attached::alone).orElse(false));
  }

  /// What is known of the split brain of a volume.
  public Dossier dossier(int volume) throws IOException {
    Instant now = Instant.now();
    long nowNanos = System.nanoTime();
    List<SplitBrain.Range> ranges = loop.ask(m -> m.changedRanges(volume, Dossier.RANGES_MAX));
    long marked = ranges.stream().mapToLong(SplitBrain.Range::blocks).sum();
    long blocks =
        loop.ask(Machine::status).volumes().stream()
            .filter(it -> it.volume() == volume)
            .mapToLong(it -> it.outOfSyncBlocks())
            .findFirst()
            .orElse(0);
    return new Dossier(
        name,
        volume,
        nodeName,
        wiring.map(Wiring::peerName).orElse(""),
        loop.ask(m -> m.splitBrain(volume))
            .map(met -> new Dossier.Known(now.minusNanos(nowNanos - met.nanos()), met)),
        new Dossier.Changed(blocks, marked == blocks, ranges),
        roles(volume));
  }

  private List<RoleHistory.Entry> roles(int volume) throws IOException {
    synchronized (roles) {
      return roles.of(volume);
    }
  }

  /// Somebody became Primary, or no longer is.
  void rolesChanged(int volume, Role own, Role peer) {
    RoleHistory.Entry entry = new RoleHistory.Entry(Instant.now(), volume, own, peer);
    aftermath.addAnswer(() -> {
      synchronized (roles) {
        roles.add(entry);
      }
    });
  }

  /// Application requests that are not answered yet.
  public int requestsInFlight() {
    return answers.count();
  }

  /// Gives a command to the engine and waits for its answer.
  AdminResult command(AdminCommand command) throws RefusedException {
    return await(begin(command));
  }

  /// Gives a command without waiting for its answer.
  Tickets.Ticket begin(AdminCommand command) {
    Tickets.Ticket ticket = tickets.take();
    loop.post(new Event.Admin(ticket.number(), command));
    return ticket;
  }

  /// The answer of a command that was begun.
  AdminResult await(Tickets.Ticket ticket) throws RefusedException {
    try {
      return ticket.answer().join();
    } catch (CompletionException broken) {
      throw RefusedException.nonsense(String.valueOf(broken.getCause()));
    }
  }

  // ---- for ResourceAdmin and ResourceServices

  ReentrantLock configuring() {
    return configuring;
  }

  Aftermath aftermath() {
    return aftermath;
  }

  Tickets tickets() {
    return tickets;
  }

  Handlers handlers() {
    return handlers;
  }

  EffectRunner runner() {
    return runner;
  }

  SwitchedLink link() {
    return link;
  }

  void options(OptionValues newOptions) {
    options = newOptions;
  }

  void wiring(Wiring newWiring) {
    wiring = Optional.of(newWiring);
  }

  void addVolume(int number, int minor) {
    String exportName = ExportedVolume.exportName(name, number);
    VolumeDevice device =
        devices.volume(minor, () -> exports.open(exportName), () -> sizeBytes(number));
    UndoJournal journal =
        new UndoJournal(
            undo,
            new UndoJournal.Place(
                name, number, nodeName, () -> wiring.map(Wiring::peerName).orElse("")),
            loop::post,
            System::currentTimeMillis,
            random);
    loop.between(() -> runner.addUndoFile(number, journal));
    VolumeNode volume = new VolumeNode(number, minor, device, journal);
    volumes.put(number, volume);
    exports.publish(exported(volume));
    device.announce();
  }

  private long sizeBytes(int number) {
    return loop.ask(m -> m.status().volumes()).stream()
        .filter(volume -> volume.volume() == number)
        .mapToLong(volume -> volume.sizeSectors() * 512)
        .findFirst()
        .orElse(0);
  }

  void removeVolume(VolumeNode volume) {
    volumes.remove(volume.number());
    volume.device().remove();
    volume.undo().close();
    exports.withdraw(exported(volume).exportName());
  }

  private ExportedVolume exported(VolumeNode volume) {
    return new ExportedVolume(name, volume.number(), loop, answers, replies, volume.holes());
  }

  /// Something changed that the engine has no word for.
  public void publish() {
    loop.between(services::published);
    signal.changed();
  }

  /// Takes everything apart. The engine has nothing in use any more, or is not to be waited for.
  void dismantle(String reason) {
    ReportedResource last = reported();
    loop.close();
    link.close();
    answers.failAll(reason);
    tickets.failAll(reason);
    volumes().forEach(this::removeVolume);
    feed.gone(last);
    isGone = true;
    signal.changed();
  }

  /// A bug of ours: the resource stands still for good, its peer and clients are let go.
  private void brokenBy(Throwable bug) {
    LOG.log(
        Level.ERROR,
        "resource=" + name + " frozen=\"broken invariant\": restart the node, report this",
        bug);
    writeFlightRecord();
    link.close();
    answers.failAll(name + " is frozen after a fault of the node");
    tickets.failAll(name + " is frozen after a fault of the node: " + bug);
  }

  private void writeFlightRecord() {
    Path file = flightRecords.resolve(name + "-" + System.currentTimeMillis() + ".flight");
    try {
      Files.write(file, loop.lastEvents());
      LOG.log(Level.ERROR, "resource={0} flight-record={1}", name, file);
    } catch (IOException failed) {
      LOG.log(Level.ERROR, "resource={0} flight-record={1} failed: {2}", name, file, failed);
    }
  }
}
