package org.twincore.drbd.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.exchange.Waiting;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.IoCounters;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.StateWord;

/// One DRBD resource on one node: the deterministic machine behind the device.
///
/// Owned by one loop. It does no I/O, asks no time and draws no chance but from what it is given:
/// the same events at the same times with the same random generator give the same effects. A new
/// resource has no volumes and no connection; admin commands bring them.
///
/// This class hands each event to the part that owns it and then lets the parts do what is due; see
/// the package's documentation for who owns what.
public final class Resource {
  private final Parts parts;
  private final States states;
  private final ClusterChanges changes;
  private final Liveness liveness;
  private final PeerLink link;
  private final Resyncs resyncs;
  private final Disks disks;
  private final PeerStates peerStates;
  private final PeerPackets packets;
  private final Verifies verifies;
  private final Ahead ahead;
  private final Fences fences;
  private final Promotion promotion;
  private final OldResyncEnd oldResyncEnd;
  private final Undoing undoing;
  private final Resizes resizes;
  private final AdminDesk desk;

  /// `options` are those of the resource's `options` section; `random` gives UUIDs, challenges and
  /// retry jitter, and must be unpredictable for a peer; `epochs` says where barriers are put.
  public Resource(String name, OptionValues options, RandomGenerator random, EpochEnd epochs) {
    this(name, options, random, epochs, Features.PROTOCOL_MAX);
  }

  /// One that offers its peer protocol versions up to `protocolMax` only, and below 100 no
  /// features, as nodes of that age do.
  public Resource(
      String name, OptionValues options, RandomGenerator random, EpochEnd epochs, int protocolMax) {
    parts = new Parts(name, options, random, epochs, protocolMax);
    states = new States(parts);
    changes = new ClusterChanges(parts);
    liveness = new Liveness(parts.turn);
    undoing = new Undoing(parts, states);
    Parameters parameters = new Parameters(parts, states);
    link = new PeerLink(parts, states, parameters, changes, liveness);
    fences = new Fences(parts, states, link);
    link.onLoss(fences::peerLost);
    resyncs = new Resyncs(parts, states, liveness, fences, link);
    oldResyncEnd = new OldResyncEnd(parts, resyncs);
    disks = new Disks(parts, states, parameters, resyncs, link);
    verifies = new Verifies(parts, states, changes, liveness);
    ahead = new Ahead(parts, states, resyncs, link);
    peerStates =
        new PeerStates(
            parts, states, parameters, resyncs, verifies, changes, undoing, link, liveness);
    resizes = new Resizes(parts, states);
    link.pausesFor(resizes::isFull);
    NetSettings settings = new NetSettings(parts, parameters, liveness, link);
    packets =
        new PeerPackets(
            parts, parameters, peerStates, resyncs, changes, liveness, settings, resizes, link);
    promotion = new Promotion(parts, states, changes, liveness, fences);
    desk =
        new AdminDesk(
            parts,
            states,
            parameters,
            resyncs,
            changes,
            disks,
            promotion,
            verifies,
            resizes,
            undoing,
            settings,
            link,
            this::add);
  }

  private void add(Device device) {
    parts.volumes.put(device.volume(), new Volume(device, parts, new FromVolume(device)));
  }

  /// Applies one event at `nowNanos` (monotonic, never earlier than before), to completion. Effects
  /// are appended to `out` in the order in which they must start.
  public void step(long nowNanos, Event event, Effects out) {
    parts.turn.begin(nowNanos, out);
    switch (event) {
      case Event.Tick _ -> {}
      case Event.AppRead(int volume, long cookie, var _) -> toVolume(volume, cookie, event);
      case Event.AppWrite write -> toVolume(write.volume(), write.cookie(), event);
      case Event.AppDiscard discard -> toVolume(discard.volume(), discard.cookie(), event);
      case Event.AppFlush(int volume, long cookie) -> toVolume(volume, cookie, event);
      case Event.Opened(int volume, var access) ->
          volume(volume).ifPresent(it -> it.device.opened(access));
      case Event.Closed(int volume, var access) ->
          volume(volume).ifPresent(it -> it.device.closed(access));
      case Event.LocalReadDone done -> volume(done.volume()).ifPresent(it -> it.disk(event));
      case Event.LocalDone done -> volume(done.volume()).ifPresent(it -> it.disk(event));
      case Event.LocalMeasured measured ->
          volume(measured.volume()).ifPresent(it -> it.disk(event));
      case Event.LocalFailed failed -> volume(failed.volume()).ifPresent(it -> it.disk(event));
      case Event.UndoDone done -> volume(done.volume()).ifPresent(it -> it.undo.answered(done));
      case Event.UndoFailed failed ->
          volume(failed.volume()).ifPresent(it -> it.undo.answered(failed));
      case Event.PacketArrived arrived -> {
        if (!link.take(arrived) && !parts.held.keeps(arrived)) {
          packets.take(arrived);
        }
      }
      case Event.Accepted _,
          Event.Dialed _,
          Event.DialFailed _,
          Event.Sent _,
          Event.SendBlocked _,
          Event.SocketClosed _ ->
          link.take(event);
      case Event.Admin admin -> desk.take(admin);
      case Event.ResyncOrder(int volume, boolean waits) ->
          volume(volume)
              .ifPresent(it -> states.force(it, s -> s.withAftrIsp(waits), "resync-after"));
      case Event.HandlerDone done -> parts.handlers.ended(done);
    }
    maintain();
  }

  private Optional<Volume> volume(int number) {
    return Optional.ofNullable(parts.volumes.get(number));
  }

  private void toVolume(int number, long cookie, Event event) {
    Volume volume = parts.volumes.get(number);
    if (volume == null) {
      parts.turn.add(new Effect.AppFailed(number, cookie, Effect.AppError.INVALID));
    } else {
      volume.application(event);
    }
  }

  /// What may be due after any event. The end of one wait may make due what was looked at before
  /// it, and to a node that is alone perhaps no other event ever comes.
  private void maintain() {
    do {
      maintainOnce();
    } while (promotion.isDue() || resizes.isDue() || disks.isDue() || parts.held.isDue());
  }

  /// Each part once, always in this order.
  private void maintainOnce() {
    parts.held.drain(packets::take);
    parts.log.tick();
    for (Volume volume : parts.all()) {
      volume.turnActivity(parts.log);
      volume.writes.tick();
      volume.syncTarget.tick();
      volume.syncSource.tick();
      volume.verify.source.tick();
      volume.markProgress();
    }
    peerStates.maintain();
    ahead.maintain();
    oldResyncEnd.maintain();
    states.thawWhatMayGoOn();
    states.primaryMark.maintain();
    promotion.maintain();
    resizes.maintain();
    packets.goOn();
    disks.maintain();
    link.maintain();
  }

  /// When the owner must send the next [Event.Tick]; Long.MAX_VALUE if never.
  public long nextDeadlineNanos() {
    long deadline = Math.min(link.deadlineNanos(), parts.log.deadlineNanos());
    deadline = Math.min(deadline, ahead.deadlineNanos());
    deadline = Math.min(deadline, disks.deadlineNanos());
    deadline = Math.min(deadline, oldResyncEnd.deadlineNanos());
    for (Volume volume : parts.all()) {
      deadline = Math.min(deadline, volume.writes.deadlineNanos());
      deadline = Math.min(deadline, volume.syncTarget.deadlineNanos());
      deadline = Math.min(deadline, volume.syncSource.deadlineNanos());
      deadline = Math.min(deadline, volume.verify.source.deadlineNanos());
    }
    return deadline;
  }

  /// Whether an application may open the volume now. [StateResult#SUCCESS] (or above) means yes,
  /// and the owner sends [Event.Opened] before anything else.
  public StateResult mayOpen(int number, Event.Access access) {
    Volume volume = parts.volumes.get(number);
    if (volume == null) {
      return StateResult.UNKNOWN_ERROR;
    }
    StateWord state = volume.device.state();
    if (access == Event.Access.READ_WRITE && state.role() != Role.PRIMARY) {
      return StateResult.PRIMARY_NOP;
    }
    boolean hasData = state.disk() == DiskState.UP_TO_DATE || state.pdsk() == DiskState.UP_TO_DATE;
    return hasData || state.role() == Role.PRIMARY
        ? StateResult.SUCCESS
        : StateResult.NO_UP_TO_DATE_DISK;
  }

  /// What `resync-after` needs to know of this resource's volumes.
  public List<ResyncOrder.Member> resyncMembers() {
    return parts.all().stream()
        .map(it ->
            new ResyncOrder.Member(
                it.device.minor(), it.device.state(), ResyncOrder.after(it.device.options())))
        .toList();
  }

  // ---- status

  /// An immutable snapshot for the tools.
  public ResourceStatus status() {
    List<ResourceStatus.VolumeStatus> volumes = new ArrayList<>();
    for (Volume volume : parts.all()) {
      volumes.add(status(volume));
    }
    return new ResourceStatus(
        parts.name,
        link.conn(),
        parts.peering.isConfigured() && link.conn() != ConnectionState.STAND_ALONE
            ? Optional.of(parts.peering.protocol())
            : Optional.empty(),
        parts.peering.version(),
        link.orderingLetter(),
        Math.max(parts.log.epochs(), link.epochCount()),
        volumes,
        why().stream().map(Resource::words).toList());
  }

  /// What the resource waits for, and what would end it; changes nothing.
  public List<Waiting> why() {
    return Why.of(parts, states, link);
  }

  /// The split brain that a volume met last and has not outlived.
  public Optional<SplitBrain> splitBrain(int number) {
    Volume volume = parts.volumes.get(number);
    return volume == null ? Optional.empty() : Optional.ofNullable(volume.splitBrain);
  }

  /// What a volume has marked as different from the peer, the lowest `max` ranges of it.
  public List<SplitBrain.Range> changedRanges(int number, int max) {
    Volume volume = parts.volumes.get(number);
    return volume == null ? List.of() : SplitBrains.changed(volume.device, max);
  }

  /// Where a verify that runs here would have to go on if this process ended now: what comes before
  /// is compared, and what differed there is marked. Empty if none runs that was begun here.
  public OptionalLong verifyReached(int number) {
    Volume volume = parts.volumes.get(number);
    return volume == null || volume.device.state().conn() != ConnectionState.VERIFY_S
        ? OptionalLong.empty()
        : OptionalLong.of(volume.verify.source.settledSector());
  }

  private static String words(Waiting waiting) {
    String where = waiting.volume() < 0 ? "" : "volume " + waiting.volume() + ": ";
    return where + waiting.state() + ", until " + waiting.until();
  }

  private ResourceStatus.VolumeStatus status(Volume volume) {
    Device device = volume.device;
    Backing backing = device.backing();
    return new ResourceStatus.VolumeStatus(
        volume.number(),
        device.minor(),
        device.state(),
        device.sizeSectors(),
        device.outOfSyncBlocks(),
        Optional.ofNullable(backing).map(Backing::uuids),
        backing == null ? 0 : backing.superblock().flags(),
        device.openers(),
        backing != null && backing.activity().isSuspended(),
        counters(device.counters(), backing),
        load(volume, backing)
            .with(
                new ResourceStatus.InFlight(
                    parts.log.sectorsInFlight(volume.number()), volume.resyncSectorsInFlight())),
        volume.progress());
  }

  /// The net options as they hold now: the peer's admin changes some of them, too.
  public OptionValues net() {
    return parts.peering.net();
  }

  /// The disk options of a volume as they hold now; empty without such a volume.
  public Optional<OptionValues> disk(int number) {
    return Optional.ofNullable(parts.volumes.get(number)).map(it -> it.device.options());
  }

  /// The resource options as they hold now.
  public OptionValues options() {
    return parts.options;
  }

  private static ResourceStatus.Load load(Volume volume, @Nullable Backing backing) {
    if (backing == null) {
      return ResourceStatus.Load.IDLE;
    }
    ActivityLog.Statistics log = backing.activity().statistics();
    return new ResourceStatus.Load(
        ResourceStatus.Load.IDLE.resync(),
        new ResourceStatus.ExtentCache(
            log.usedSlots(),
            log.slots(),
            log.hits(),
            log.misses(),
            log.starvations(),
            0,
            log.changes()),
        volume.writes.awaitingActivity(),
        false,
        false,
        ResourceStatus.InFlight.NOTHING);
  }

  private static ResourceStatus.Counters counters(IoCounters counters, @Nullable Backing backing) {
    return new ResourceStatus.Counters(
        counters.sentSectors(),
        counters.receivedSectors(),
        counters.writtenSectors(),
        counters.readSectors(),
        backing == null ? 0 : backing.activityWrites(),
        backing == null ? 0 : backing.bitmapWrites(),
        backing == null ? 0 : backing.disk().pending(),
        counters.peerPending(),
        counters.unacked(),
        counters.applicationPending());
  }

  /// What the machines of one volume report.
  private final class FromVolume implements Volume.Reports {
    private final Device device;

    FromVolume(Device device) {
      this.device = device;
    }

    private Optional<Volume> self() {
      return volume(device.volume());
    }

    @Override
    public void localWriteFailed(String cause) {
      self().ifPresent(it -> disks.failed(it, false, cause));
    }

    @Override
    public void localReadFailed(String cause) {
      self().ifPresent(it -> disks.failed(it, true, cause));
    }

    @Override
    public void undoFailed(String cause) {
      self().ifPresent(it -> undoing.failed(it, cause));
    }

    @Override
    public void localFlushFailed(String cause) {
      self().ifPresent(it -> disks.flushFailed(it, cause));
    }

    @Override
    public void replicationGap() {
      link.lose(ConnectionState.NETWORK_FAILURE, "the peer cannot take a discard");
    }

    @Override
    public void conflictUnresolved() {
      link.lose(
          ConnectionState.NETWORK_FAILURE,
          "writes of both Primaries overlap in part: that needs protocol 100");
    }

    @Override
    public void peerWriteFailed() {
      self().ifPresent(states.generations::peerWriteFailed);
    }

    @Override
    public void congested(String cause) {
      self().ifPresent(it -> ahead.congested(it, cause));
    }

    @Override
    public void peerUsesThisDisk() {
      self().ifPresent(states.generations::peerUsesThisDisk);
    }

    @Override
    public void nothingLeft() {
      self().ifPresent(resyncs::nothingLeft);
    }

    @Override
    public void verified() {
      self().ifPresent(verifies::sentLast);
    }

    @Override
    public void wantsSecondLook() {
      self().ifPresent(verifies::lookAgain);
    }

    @Override
    public void verifyBegins(long fromSector, long blocks) {
      self().ifPresent(it -> verifies.peerBegins(it, fromSector, blocks));
    }

    @Override
    public void verifiedByPeer() {
      self().ifPresent(verifies::finish);
    }

    @Override
    public void metadataFailed(String cause) {
      self().ifPresent(it -> disks.metadataFailed(it, cause));
    }
  }
}
