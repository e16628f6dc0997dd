package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Fencing;
import org.twincore.drbd.engine.state.Growth;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.engine.state.MetadataFlagsRule;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.engine.state.SizeNegotiation;
import org.twincore.drbd.engine.state.StateContext;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.Superblock;

/// How backing disks come and go: attach, detach, and giving up one that failed (drbd-metadata
/// section 2.1).
final class Disks {
  private static final int DISK_TOO_SMALL = 111;
  private static final int IMPLICIT_SHRINK = 170;
  private static final int ALREADY_ATTACHED = 124;
  private static final long TENTH_NANOS = 100_000_000L;
  private static final AdminResult STALE =
      new AdminResult.Config(150, "Can only attach to the data this Primary had last");

  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final Resyncs resyncs;
  private final PeerLink link;
  private final TreeMap<Integer, List<Consumer<AdminResult>>> onDiskless = new TreeMap<>();
  private final TreeMap<Integer, List<Runnable>> onAttached = new TreeMap<>();

  Disks(Parts parts, States states, Parameters parameters, Resyncs resyncs, PeerLink link) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.resyncs = resyncs;
    this.link = link;
  }

  // ---- attach

  /// What was written without the disk must be done at the peer before the peer hears of it: from
  /// then on the peer marks nothing for this node (`drbd_adm_attach` waits in the same way).
  void attach(Volume volume, AdminCommand.Attach command, Consumer<AdminResult> then) {
    volume.device.setAttachAwaitsWrites(true);
    parts.log.awaitSafety(_ -> {
      volume.device.setAttachAwaitsWrites(false);
      attachNow(volume, command, then);
      states.goOn(volume);
    });
  }

  private void attachNow(Volume volume, AdminCommand.Attach command, Consumer<AdminResult> then) {
    Device device = volume.device;
    MetadataImage image = command.image();
    if (device.backing() != null) {
      then.accept(
          new AdminResult.Config(
              ALREADY_ATTACHED, "Device is attached to a disk (use detach first)"));
      return;
    }
    long wanted = device.wantedSectors();
    SizeNegotiation.Size size =
        SizeNegotiation.deviceSize(
            new SizeNegotiation.Bounds(
                image.layout().usableSectors(),
                ClusterChanges.isConnected(volume) ? device.peerSectors() : 0,
                image.superblock().lastAgreedSectors(),
                wanted));
    AdminResult refusal = refusal(device, image, size, wanted);
    if (refusal != null) {
      parts.turn.add(new Effect.CloseDisk(volume.number()));
      then.accept(refusal);
      return;
    }
    begin(volume, image, size.sectors());
    volume.undo.attached(command.undo());
    Backing backing = device.disk();
    backing.initialiseActivityLog(_ -> {});
    backing.writeSuperblock();
    backing.settle(ok -> attached(volume, ok, then));
  }

  private static @Nullable AdminResult refusal(
      Device device, MetadataImage image, SizeNegotiation.Size size, long wanted) {
    Superblock superblock = image.superblock();
    if (size.wantedTooBig() || size.sectors() < device.sizeSectors()) {
      return new AdminResult.Config(
          DISK_TOO_SMALL,
          "the disk has room for %d sectors, the device has %d"
              .formatted(image.layout().usableSectors(), Math.max(wanted, device.sizeSectors())));
    }
    boolean consistent = superblock.has(MetadataFlags.CONSISTENT);
    if (consistent && size.sectors() < superblock.lastAgreedSectors() && wanted == 0) {
      return new AdminResult.Config(
          IMPLICIT_SHRINK,
          "Implicit device shrinking not allowed: %d sectors agreed, %d usable"
              .formatted(superblock.lastAgreedSectors(), size.sectors()));
    }
    return isStaleHere(device, superblock.uuids().currentIdentity()) ? STALE : null;
  }

  /// A Primary without a peer can only use the data that its users have seen last.
  private static boolean isStaleHere(Device device, long current) {
    return device.state().role() == Role.PRIMARY
        && device.state().conn().isBelow(CONNECTED)
        && device.exposedUuid() != 0
        && !device.isWhatUsersSaw(current);
  }

  private void begin(Volume volume, MetadataImage image, long sectors) {
    Device device = volume.device;
    Backing backing = volume.attach(image);
    states.force(volume, state -> state.withDisk(DiskState.ATTACHING), "attach");
    Superblock superblock = backing.superblock();
    Fencing fencing =
        Fencing.ofWord(device.options().word(Option.FENCING)).orElse(Fencing.DONT_CARE);
    MetadataFlagsRule.Attach found =
        MetadataFlagsRule.attach(superblock.flags(), device.state(), fencing);
    boolean fresh = superblock.lastAgreedSectors() == 0;
    int flags =
        (superblock.flags() & ~(MetadataFlags.AL_CLEAN | MetadataFlags.AL_DISABLED))
            | (backing.logs() ? 0 : MetadataFlags.AL_DISABLED);
    backing.replace(
        superblock
            .withFlags(flags)
            .withClean(false)
            .withPeerMaxBioBytes(
                ClusterChanges.isConnected(volume)
                    ? RequestLimits.kept(device.peerBioBytes(), parts.peering)
                    : RequestLimits.kept(superblock.peerMaxBioBytes()))
            .withAlExtents(
                (int) Math.min(Integer.MAX_VALUE, device.options().num(Option.AL_EXTENTS)))
            .withUuids(UuidChanges.forRole(superblock.uuids(), device.state().role())));
    device.setCrashedPrimary(found.crashed());
    boolean grows = device.sizeSectors() > 0 && sectors > device.sizeSectors();
    if (grows && ClusterChanges.isConnected(volume)) {
      device.setGrowth(Growth.WHILE_CONNECTED);
    }
    parameters.resize(volume, sectors, true);
    if (fresh || found.fullSync()) {
      resyncs.markAll(volume);
    }
    device.remember(
        new StateContext.Remembered(
            found.disk(),
            found.peerDisk(),
            backing.uuids().currentIdentity(),
            device.exposedUuid() & ~GenerationUuids.PRIMARY_BIT));
  }

  private void attached(Volume volume, boolean ok, Consumer<AdminResult> then) {
    settleAttach(volume, ok, then);
    List<Runnable> due = onAttached.remove(volume.number());
    if (due != null) {
      due.forEach(Runnable::run);
    }
  }

  /// Runs `then` now, or if a disk is being attached when that is over, one way or the other: its
  /// state is not to change meanwhile.
  void afterAttach(Volume volume, Runnable then) {
    if (volume.device.state().disk() == DiskState.ATTACHING) {
      onAttached.computeIfAbsent(volume.number(), _ -> new ArrayList<>()).add(then);
    } else {
      then.run();
    }
  }

  private void settleAttach(Volume volume, boolean ok, Consumer<AdminResult> then) {
    Device device = volume.device;
    if (!ok || device.state().disk() != DiskState.ATTACHING) {
      then.accept(
          new AdminResult.Config(118, "IO error(s) occurred during initial access to meta-data."));
      return;
    }
    if (device.state().conn() == WF_REPORT_PARAMS) {
      // The peer was told in the handshake that there is no disk, and must not be left in that.
      link.lose(NETWORK_FAILURE, "a disk was attached during the handshake");
    }
    boolean negotiates = ClusterChanges.isConnected(volume);
    if (isStaleHere(device, device.uuids().currentIdentity())) {
      // The connection went away since the attach began, and with it the newer data.
      states.force(volume, state -> state.withDisk(DiskState.FAILED), "attach refused");
      whenDiskless(volume, _ -> then.accept(STALE));
      return;
    }
    StateContext.Remembered found = device.remembered();
    if (device.state().role() == Role.SECONDARY || device.exposedUuid() == 0) {
      device.expose(device.uuids().current());
    }
    if (negotiates) {
      // What it said before it hears of this disk is no answer to it.
      device.setPeerUuids(null);
    }
    StateResult result =
        states.change(
            volume,
            state ->
                negotiates
                    ? state.withDisk(DiskState.NEGOTIATING)
                    : state.withDisk(found.disk()).withPdsk(found.peerDisk()),
            StateRules.Force.HARD,
            "attached");
    if (!result.isSuccess()) {
      states.force(volume, state -> state.withDisk(DiskState.FAILED), "attach refused");
    } else if (negotiates) {
      parameters.tellSizes(volume, 0);
      states.sendUuids(volume, 0);
      states.sendState(volume);
    }
    then.accept(result.isSuccess() ? AdminResult.OK : new AdminResult.State(result, ""));
  }

  // ---- the end of a disk

  /// The disk is Failed from now on, or goes there; `then` hears when it is released.
  void whenDiskless(Volume volume, Consumer<AdminResult> then) {
    onDiskless.computeIfAbsent(volume.number(), _ -> new ArrayList<>()).add(then);
    if (volume.device.backing() == null) {
      released(volume);
    }
  }

  /// An admin gives the disk up; the rules have agreed. What it is at is waited for.
  void detach(Volume volume, Consumer<AdminResult> then) {
    volume.detachesCleanly = true;
    states.force(volume, state -> state.withDisk(DiskState.FAILED), "detach");
    whenDiskless(volume, then);
  }

  /// An admin gives the disk up by force, perhaps in the middle of a detach that waits for it: what
  /// it has not answered counts as failed (`FORCE_DETACH`, `tl_abort_disk_io`). `then` still hears
  /// of its release only.
  void abandon(Volume volume, Consumer<AdminResult> then) {
    volume.detachesCleanly = false;
    volume.abortsIo = true;
    volume.device.disk().disk().lose();
    if (!isGivenUp(volume)) {
      states.force(volume, state -> state.withDisk(DiskState.FAILED), "detach --force");
      breakHandshake(volume);
    }
    whenDiskless(volume, then);
  }

  /// The disk failed an operation; what happens is up to `on-io-error`.
  void failed(Volume volume, boolean isRead, String cause) {
    Device device = volume.device;
    String policy = device.options().word(Option.ON_IO_ERROR);
    parts.turn.log(
        Effect.Level.ERROR,
        "volume %d: local %s failed: %s; on-io-error is %s"
            .formatted(volume.number(), isRead ? "read" : "write", cause, policy));
    switch (policy) {
      case "pass_on" -> passOn(volume, isRead ? "local read failed" : "local write failed");
      default -> give(volume, cause);
    }
  }

  /// The disk stays, and is no longer good: the block that it failed is marked
  /// (`__drbd_chk_io_error_`, EP_PASS_ON).
  private void passOn(Volume volume, String reason) {
    states.change(
        volume,
        state ->
            state.disk().compareTo(DiskState.INCONSISTENT) > 0
                ? state.withDisk(DiskState.INCONSISTENT)
                : state,
        StateRules.Force.HARD,
        reason);
    if (ClusterChanges.isConnected(volume)) {
      states.sendState(volume);
    }
  }

  /// The metadata cannot be written: the disk is of no use whatever the policy says.
  void metadataFailed(Volume volume, String cause) {
    parts.turn.log(
        Effect.Level.ERROR,
        "volume %d: metadata could not be written: %s".formatted(volume.number(), cause));
    give(volume, cause);
  }

  /// The disk cannot be flushed: nobody knows which of its writes are lost, so it is of no use
  /// whatever the policy says.
  void flushFailed(Volume volume, String cause) {
    parts.turn.log(
        Effect.Level.ERROR, "volume %d: local flush failed: %s".formatted(volume.number(), cause));
    give(volume, cause);
  }

  private void give(Volume volume, String cause) {
    Backing backing = volume.device.backing();
    if (backing == null) {
      return;
    }
    backing.disk().lose();
    volume.detachesCleanly = false;
    if (isGivenUp(volume)) {
      return;
    }
    boolean calls = volume.device.options().word(Option.ON_IO_ERROR).equals("call-local-io-error");
    volume.device.setTellsError(calls);
    states.force(volume, state -> state.withDisk(DiskState.FAILED), "local disk failed: " + cause);
    breakHandshake(volume);
    if (calls) {
      parts.handlers.ask(volume, "local-io-error", _ -> errorWasTold(volume));
    }
  }

  /// The two sides compare what they said of their disks. Without this one the peer's data may be
  /// older than what users have seen, which only a handshake from the beginning finds out. (A
  /// kernel goes on, and reads what is older.)
  private void breakHandshake(Volume volume) {
    if (volume.device.state().conn() == WF_REPORT_PARAMS) {
      link.lose(NETWORK_FAILURE, "a disk was lost during the handshake");
    }
  }

  /// The handler comes before the peer hears of the error, as in the kernel: whoever resets the
  /// machine there leaves a node that crashed with a disk that was good.
  private void errorWasTold(Volume volume) {
    volume.device.setTellsError(false);
    if (volume.device.state().conn().isAtLeast(CONNECTED)) {
      states.sendState(volume);
    }
    states.goOn(volume);
  }

  /// `disk-timeout`: a request that is older makes the disk one that failed, whatever `on-io-error`
  /// says (`request_timer_fn`, DRBD_FORCE_DETACH).
  private void watch(Volume volume) {
    if (parts.turn.now() < deadlineNanos(volume)) {
      return;
    }
    parts.turn.log(
        Effect.Level.WARN,
        "volume %d: Local backing device failed to meet the disk-timeout"
            .formatted(volume.number()));
    volume.abortsIo = true;
    give(volume, "disk-timeout");
  }

  /// When [#maintain] has something to do; Long.MAX_VALUE if never.
  long deadlineNanos() {
    long deadline = Long.MAX_VALUE;
    for (Volume volume : parts.all()) {
      deadline = Math.min(deadline, deadlineNanos(volume));
    }
    return deadline;
  }

  private static long deadlineNanos(Volume volume) {
    Backing backing = volume.device.backing();
    if (backing == null || isGivenUp(volume)) {
      return Long.MAX_VALUE;
    }
    long timeoutNanos = volume.device.options().num(Option.DISK_TIMEOUT) * TENTH_NANOS;
    long oldest = backing.disk().oldestNanos();
    return timeoutNanos == 0 || oldest == Long.MAX_VALUE ? Long.MAX_VALUE : oldest + timeoutNanos;
  }

  private static boolean hasToAbort(Volume volume) {
    Backing backing = volume.device.backing();
    return backing != null
        && volume.abortsIo
        && isGivenUp(volume)
        && !volume.device.tellsError()
        && backing.disk().oldestNanos() != Long.MAX_VALUE;
  }

  /// At the end of each step: gives up what takes too long, and releases each disk that can be.
  void maintain() {
    for (Volume volume : parts.all()) {
      watch(volume);
      if (hasToAbort(volume)) {
        volume.device.disk().disk().abort("the disk was given up");
      }
      Backing backing = releasable(volume);
      if (backing == null) {
        continue;
      }
      if (volume.detachesCleanly && volume.release == Volume.Release.NOT_BEGUN) {
        volume.release = Volume.Release.WRITES_CLEAN;
        // The peer may still lose these, and the activity log that knows of them ends here.
        parts.log.markUnacknowledged(volume.number());
        backing.writeClean(
            ok -> volume.release = ok ? Volume.Release.WRITTEN : Volume.Release.NOT_WRITTEN);
      } else {
        release(volume, volume.release == Volume.Release.WRITTEN);
      }
    }
  }

  /// Whether a disk can be released, or what waits for it must be told.
  boolean isDue() {
    return parts.all().stream()
        .anyMatch(volume -> releasable(volume) != null || hasToAbort(volume));
  }

  /// The disk that was given up and that nobody uses any more; null if there is none.
  private static @Nullable Backing releasable(Volume volume) {
    Backing backing = volume.device.backing();
    boolean isFree =
        backing != null
            && isGivenUp(volume)
            && !volume.device.tellsError()
            && volume.release != Volume.Release.WRITES_CLEAN
            && backing.isIdle();
    return isFree ? backing : null;
  }

  /// Failed, or Diskless at once because the connection was cut while the disk was negotiated.
  static boolean isGivenUp(Volume volume) {
    DiskState disk = volume.device.state().disk();
    return disk == DiskState.FAILED || disk == DiskState.DISKLESS;
  }

  private void release(Volume volume, boolean clean) {
    LocalDisk disk = volume.device.disk().disk();
    if (!clean) {
      disk.lose();
    }
    disk.release();
    states.force(volume, state -> state.withDisk(DiskState.DISKLESS), "disk released");
    volume.device.dropBacking();
    parts.turn.add(new Effect.CloseDisk(volume.number()));
    released(volume);
  }

  private void released(Volume volume) {
    List<Consumer<AdminResult>> waiting = onDiskless.remove(volume.number());
    if (waiting != null) {
      waiting.forEach(then -> then.accept(AdminResult.OK));
    }
  }
}
