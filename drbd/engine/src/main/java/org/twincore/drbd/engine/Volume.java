package org.twincore.drbd.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.AppReads;
import org.twincore.drbd.engine.request.AppRequests;
import org.twincore.drbd.engine.request.AppWrites;
import org.twincore.drbd.engine.request.ConflictGate;
import org.twincore.drbd.engine.request.PeerReads;
import org.twincore.drbd.engine.request.PeerSequence;
import org.twincore.drbd.engine.request.PeerWrites;
import org.twincore.drbd.engine.request.TransferLog;
import org.twincore.drbd.engine.request.WriteGate;
import org.twincore.drbd.engine.resync.BitmapExchange;
import org.twincore.drbd.engine.resync.ResyncPacing;
import org.twincore.drbd.engine.resync.SyncProgress;
import org.twincore.drbd.engine.resync.SyncSource;
import org.twincore.drbd.engine.resync.SyncTarget;
import org.twincore.drbd.engine.resync.VerifySource;
import org.twincore.drbd.engine.resync.VerifyTarget;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.undo.UndoGuard;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Since;

/// One volume: its device and the machines that work on it, wired together.
///
/// It decides nothing about states; what its machines report goes to the [Reports] it was made
/// with.
final class Volume {
  /// What a volume's machines report to the resource.
  interface Reports
      extends AppWrites.Listener,
          AppReads.Listener,
          PeerReads.Listener,
          PeerWrites.Listener,
          SyncTarget.Listener,
          VerifySource.Listener,
          VerifyTarget.Listener,
          UndoGuard.Listener {
    void metadataFailed(String cause);
  }

  final Device device;
  final UndoGuard undo;
  final ConflictGate conflicts;
  final PeerSequence peerSequence = new PeerSequence();
  final AppRequests applications;
  final AppWrites writes;
  final AppReads reads;
  final PeerWrites peerWrites;
  final PeerReads peerReads;
  final BitmapExchange bitmapExchange;
  final SyncSource syncSource;
  final SyncTarget syncTarget;
  final VolumeVerify verify;
  final ResyncPacing pacing;
  final ChangeRecord changes = new ChangeRecord();
  private final Turn turn;
  private final Peering peering;
  private final Reports reports;
  private final Map<Long, Runnable> peerActivityWaiters = new HashMap<>();
  private @Nullable SyncProgress progress;

  /// Sectors that others than resyncs had read and written when that was last looked at.
  private long othersSeen;

  /// The generation that the own disk was lost in.
  private long generationLeft;

  /// The UUID of P_SYNC_UUID that came before this node was ready for it.
  @Nullable Long earlySyncUuid;

  /// When the target of the running resync was told of it; Long.MAX_VALUE if it was not yet.
  long announcedNanos = Long.MAX_VALUE;

  /// The split brain that this node met last, until it meets its peer without one.
  @Nullable SplitBrain splitBrain;

  /// That the target has ended the resync, while blocks are still marked here.
  @Nullable TargetsEnd targetsEnd;

  /// A detach that an admin asked for leaves clean metadata.
  boolean detachesCleanly;

  /// The disk took too long, or an admin gave it up by force: what it has not answered counts as
  /// failed.
  boolean abortsIo;

  /// The bitmap is being written so that the mark of a Primary can go.
  boolean droppingIndicator;

  /// How far the release of a disk that was given up has come.
  Release release = Release.NOT_BEGUN;

  /// The end of a disk: its metadata is written as that of a clean detach, and then, when all that
  /// was asked of it is answered, nobody uses it any more.
  enum Release {
    NOT_BEGUN,
    WRITES_CLEAN,
    WRITTEN,
    NOT_WRITTEN
  }

  Volume(Device device, Parts parts, Reports reports) {
    this.device = device;
    this.turn = parts.turn;
    this.reports = reports;
    this.peering = parts.peering;
    TransferLog log = parts.log;
    WriteGate own = new WriteGate();
    WriteGate peers = new WriteGate();
    conflicts = new ConflictGate(() -> peering.net().flag(Option.ALLOW_TWO_PRIMARIES));
    undo = new UndoGuard(device, turn, reports);
    AppWrites.Gates gates = new AppWrites.Gates(conflicts, own, undo);
    writes = new AppWrites(device, turn, peering, log, gates, reports);
    reads = new AppReads(device, turn, peering, log, conflicts, reports);
    applications = new AppRequests(device, turn, peering, log, writes, reads);
    peerWrites =
        new PeerWrites(
            device,
            turn,
            peering,
            new PeerWrites.Way(peers, conflicts, peerActivityWaiters::put, undo),
            this::maySayInSync,
            reports);
    peerReads =
        new PeerReads(
            device, turn, peering, new PeerReads.Way(peers, conflicts, parts.room), reports);
    bitmapExchange = new BitmapExchange(device, turn, peering);
    pacing = new ResyncPacing(tuning(device.options(), peering.net()));
    syncSource =
        new SyncSource(
            device,
            turn,
            peering,
            new SyncSource.Way(own, peers, parts.room, this::givesWay),
            reports::localReadFailed);
    SyncTarget.Pace pace = new SyncTarget.Pace(pacing, this::givesWay);
    SyncTarget.Way way = new SyncTarget.Way(own, peers, undo, parts.room);
    syncTarget = new SyncTarget(device, turn, peering, way, pace, reports);
    verify = new VolumeVerify(device, parts, own, peers, pace, reports);
  }

  static ResyncPacing.Tuning tuning(OptionValues disk, OptionValues net) {
    return new ResyncPacing.Tuning(
        (int) disk.num(Option.RESYNC_RATE),
        (int) disk.num(Option.C_PLAN_AHEAD),
        (int) disk.num(Option.C_DELAY_TARGET),
        (int) disk.num(Option.C_FILL_TARGET),
        (int) disk.num(Option.C_MAX_RATE),
        (int) disk.num(Option.C_MIN_RATE),
        (int) net.num(Option.MAX_BUFFERS));
  }

  int number() {
    return device.volume();
  }

  /// Tells which rows of a table decided something about this volume.
  void decided(String table, List<? extends Enum<?>> rows) {
    told(table, rows.stream().<String>map(Enum::name).toList());
  }

  /// The same of rows that have a name, but are none of an enum.
  void told(String table, List<String> rows) {
    if (!rows.isEmpty()) {
      turn.add(new Effect.Decided(number(), table, rows));
    }
  }

  Backing attach(MetadataImage image) {
    detachesCleanly = false;
    abortsIo = false;
    release = Release.NOT_BEGUN;
    droppingIndicator = false;
    Backing backing = device.attach(image, reports::metadataFailed);
    backing.disk().onlyWith(undo::mayOverwrite);
    return backing;
  }

  // ---- events

  void application(Event event) {
    switch (event) {
      case Event.AppRead read -> applications.read(read);
      case Event.AppWrite write -> applications.write(write);
      case Event.AppDiscard discard -> applications.discard(discard);
      case Event.AppFlush flush -> applications.flush(flush);
      default -> throw new IllegalArgumentException(event.toString());
    }
  }

  void disk(Event event) {
    Backing backing = device.backing();
    if (backing == null) {
      return;
    }
    switch (event) {
      case Event.LocalReadDone(int _, long token, var payload) ->
          backing.disk().answered(token, null, payload);
      case Event.LocalDone(int _, long token) -> backing.disk().answered(token, null, null);
      case Event.LocalMeasured(int _, long token, long data, long metadata) ->
          backing.disk().measured(token, new LocalDisk.Size(data, metadata));
      case Event.LocalFailed(int _, long token, String cause) ->
          backing.disk().answered(token, cause, null);
      default -> throw new IllegalArgumentException(event.toString());
    }
  }

  /// Gives the activity log what it needs: writes that may go on do, and a transaction is written.
  void turnActivity(TransferLog log) {
    Backing backing = device.backing();
    if (backing == null || !backing.activity().hasWaiters() || !device.hasUsableDisk()) {
      return;
    }
    ActivityLog activity = backing.activity();
    boolean mayGoOn;
    do {
      ActivityLog.Turn next = activity.turn();
      goOn(next.ready());
      next.transaction().ifPresent(it -> backing.writeTransaction(it, ok -> written(activity, ok)));
      mayGoOn = !backing.logs() && next.transaction().isPresent();
    } while (mayGoOn && activity.hasWaiters() && device.hasUsableDisk());
    if (activity.isStarving()) {
      log.hasten();
    }
  }

  private void written(ActivityLog activity, boolean ok) {
    if (ok) {
      goOn(activity.transactionDone());
    }
  }

  private void goOn(List<Long> tokens) {
    for (long token : tokens) {
      if (!writes.activityReady(token)) {
        Runnable waiter = peerActivityWaiters.remove(token);
        if (waiter != null) {
          waiter.run();
        }
      }
    }
  }

  /// The disk is no longer used: whoever waits for its activity log goes on without.
  void activityLost() {
    writes.activityLost();
    List<Long> tokens = peerActivityWaiters.keySet().stream().sorted().toList();
    for (long token : tokens) {
      Runnable waiter = peerActivityWaiters.remove(token);
      if (waiter != null) {
        waiter.run();
      }
    }
  }

  // ---- UUIDs

  /// New UUIDs, queued for the disk; the exposed one follows.
  void setUuids(GenerationUuids uuids) {
    if (device.backing() != null) {
      device.disk().setUuids(uuids);
    }
    device.expose(uuids.current());
  }

  /// UUIDs of a new generation: writes that the peer lacks are answered only when they are durable.
  void beginGeneration(GenerationUuids uuids) {
    writes.generationBegins();
    setUuids(uuids);
    device.disk().settle(writes::generationEnds);
  }

  /// The own disk was lost; the peer begins a new generation from this one.
  void peersGenerationBegins() {
    generationLeft = device.uuids().currentIdentity();
    writes.peersGenerationBegins();
  }

  /// P_UUIDS came: the peer says so only when it is durable there.
  void peersUuidsArrived(GenerationUuids uuids) {
    if (writes.awaitsPeersGeneration() && uuids.currentIdentity() != generationLeft) {
      writes.peersGenerationBegan();
      applications.peersGenerationOver();
    }
  }

  /// The peer, or its disk, was lost.
  void peersGenerationLost() {
    if (writes.awaitsPeersGeneration()) {
      writes.peersGenerationLost();
      applications.peersGenerationOver();
    }
  }

  // ---- resync

  /// A resync begins. A target asks for its first block only when it is durable that the disk is
  /// Inconsistent, for from then on the data changes, and which blocks it lacks: the source forgets
  /// a block as soon as it was told that it is here, and that may be no further than a cache.
  void syncStarts(boolean asTarget) {
    SyncProgress starting = new SyncProgress(turn.now(), device.outOfSyncBlocks());
    progress = starting;
    syncSource.start();
    syncTarget.forgetFailures();
    if (asTarget) {
      device.disk().writeBitmap(ok -> fetchFrom(starting, ok));
    }
  }

  private void fetchFrom(SyncProgress starting, boolean durable) {
    if (durable && progress == starting) {
      syncTarget.start(digestOfResync());
      if (device.state().isResyncPaused()) {
        syncTarget.pause();
      }
    }
  }

  /// `csums-alg`, if it is for this resync.
  private @Nullable DigestAlgorithm digestOfResync() {
    boolean onlyAfterCrash = peering.net().flag(Option.CSUMS_AFTER_CRASH_ONLY);
    boolean isFor = peering.has(Since.CHECKSUMS) && (!onlyAfterCrash || device.crashedPrimary());
    return isFor ? peering.csumsDigest().orElse(null) : null;
  }

  /// May the peer hear that a block of a running resync is in sync? Not from a target whose marks
  /// are not durable yet.
  private boolean maySayInSync() {
    ConnectionState conn = device.state().conn();
    boolean isTarget = conn == ConnectionState.SYNC_TARGET || conn == ConnectionState.PAUSED_SYNC_T;
    return !isTarget || syncTarget.isRunning();
  }

  /// c-min-rate: is the resync quicker than that while others want the disk?
  private boolean givesWay() {
    SyncProgress running = progress;
    if (running == null) {
      return false;
    }
    long others = device.counters().otherSectors();
    ResyncPacing.Competition competition =
        new ResyncPacing.Competition(others - othersSeen, writes.awaitingActivity() > 0);
    if (competition.isContended()) {
      othersSeen = others;
    }
    return pacing.givesWay(competition, running.recentKibPerSecond(turn.now(), leftBlocks()));
  }

  /// What a resync or verify has still to deal with.
  private long leftBlocks() {
    return verify.isRunning() ? verify.leftBlocks() : device.outOfSyncBlocks();
  }

  /// A verify begins, here or at the peer.
  void verifyStarts(boolean asSource, DigestAlgorithm algorithm) {
    verify.starts(asSource, algorithm, peering.has(Since.VERIFY_STOP));
    progressStarts(verify.leftBlocks());
  }

  void progressStarts(long blocks) {
    progress = new SyncProgress(turn.now(), blocks);
  }

  void verifyEnds() {
    progress = null;
    verify.ends().ifPresent(it -> turn.add(new Effect.VerifyEnded(number(), it)));
  }

  void syncEnds() {
    progress = null;
    targetsEnd = null;
    syncTarget.stop();
  }

  void syncPauses(boolean pause) {
    SyncProgress running = progress;
    if (running == null) {
      return;
    }
    if (pause) {
      running.pause(turn.now());
      syncTarget.pause();
    } else {
      running.resume(turn.now());
      syncTarget.resume();
    }
  }

  boolean isSyncing() {
    return progress != null;
  }

  long failedBlocks() {
    return syncTarget.failedBlocks() + syncSource.failedBlocks();
  }

  void markProgress() {
    if (progress != null) {
      progress.look(turn.now(), leftBlocks());
    }
  }

  Optional<ResourceStatus.Progress> progress() {
    SyncProgress running = progress;
    return running == null
        ? Optional.empty()
        : Optional.of(
            running.snapshot(
                turn.now(),
                leftBlocks(),
                pacing.wantKibPerSecond(),
                verify.isRunning() ? verify.positionSectors() : syncTarget.positionSectors(),
                verify.isRunning() ? verify.course() : courseOfResync()));
  }

  private ResourceStatus.Course courseOfResync() {
    long equal = syncTarget.equalBlocks().orElse(0) + syncSource.equalBlocks();
    return new ResourceStatus.Course(equal, 0, device.sizeSectors());
  }

  /// What a resync or verify has asked for here, or the peer of this node.
  long resyncSectorsInFlight() {
    return (progress == null ? 0 : Math.max(0, pacing.inFlightSectors()))
        + syncSource.sectorsInFlight();
  }

  /// For how long a resync or verify has worked, pauses not counted.
  long sinceStartNanos(ResourceStatus.Progress running) {
    return Math.max(0, turn.now() - running.startedNanos() - running.pausedNanos());
  }

  /// Nobody has it open, and nothing that anybody asked for is under way.
  boolean isIdle() {
    return device.openers() == 0 && applications.inFlight() == 0 && isPeerIdle();
  }

  /// Nothing that the peer asked for is under way.
  boolean isPeerIdle() {
    return peerWrites.isIdle()
        && peerReads.isIdle()
        && syncSource.isIdle()
        && syncTarget.isIdle()
        && verify.isIdle();
  }
}
