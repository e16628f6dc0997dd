package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;

import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.LayoutChange;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;

/// Finds out what a disk in use has become, and has its metadata moved for it
/// (`drbd_determine_dev_size`).
///
/// From the question on, application I/O is held, and so is what comes on the data socket: the peer
/// may write to a new area as soon as it has told of it. The metadata is moved when nothing is
/// under way on the disk any more.
final class Resizes {
  /// What a new size is for.
  interface Work {
    /// The size that the device is to get, decided when nothing can come between any more. `layout`
    /// is what the disk has room for, null if the disk is gone meanwhile. Null: it stays as it is,
    /// and whoever asked has been told.
    @Nullable Plan plan(@Nullable MetadataLayout layout);

    /// The disk cannot be used like that; nothing was changed.
    void unfit(String why);

    /// The plan's size is durable in the metadata, or the disk failed.
    void done(boolean ok);
  }

  /// A size for the device, and whether new blocks count as out of sync.
  record Plan(long sectors, boolean newBlocksOutOfSync) {}

  private static final int HELD_PACKETS_MAX = 16;

  private final Parts parts;
  private final States states;
  private final TreeMap<Integer, Run> runs = new TreeMap<>();
  private final ArrayDeque<Event.PacketArrived> held = new ArrayDeque<>();
  private Consumer<Event.PacketArrived> packets = _ -> {};
  private boolean hasReplayed;

  Resizes(Parts parts, States states) {
    this.parts = parts;
    this.states = states;
  }

  /// Who gets the packets that were held; not the one that asks [#holds].
  void packets(Consumer<Event.PacketArrived> taker) {
    packets = taker;
  }

  boolean isUnderWay(Volume volume) {
    return runs.containsKey(volume.number());
  }

  /// Begins; at most one at a time for each volume, and only with a disk that is in use.
  void begin(Volume volume, AdminCommand.@Nullable AlStripes stripes, Work work) {
    Run run = new Run(volume, volume.device.disk(), stripes, work);
    runs.put(volume.number(), run);
    volume.device.setChangesSize(true);
    run.backing.disk().measure(run::measured);
  }

  // ---- the data socket

  /// Whether a packet has to wait; then it is kept.
  boolean holds(Event.PacketArrived arrived) {
    boolean mustWait =
        (isHolding() || !held.isEmpty()) && arrived.socket() == parts.turn.dataSocket();
    if (mustWait) {
      held.add(arrived);
    }
    return mustWait;
  }

  /// Whether a size is being found out.
  boolean isHolding() {
    return !runs.isEmpty();
  }

  /// Whether enough is kept: the peer is to wait.
  boolean isFull() {
    return held.size() >= HELD_PACKETS_MAX;
  }

  private void replay() {
    while (!held.isEmpty() && runs.isEmpty()) {
      Event.PacketArrived next = held.remove();
      if (next.socket() == parts.turn.dataSocket()) {
        hasReplayed = true;
        packets.accept(next);
      }
    }
  }

  // ---- at the end of each step

  void maintain() {
    for (Run run : List.copyOf(runs.values())) {
      run.look();
    }
    replay();
  }

  /// Whether something happened in [#maintain] that others must look after, once.
  boolean isDue() {
    boolean due = hasReplayed;
    hasReplayed = false;
    return due;
  }

  /// One volume's.
  private final class Run {
    private final Volume volume;
    private final Backing backing;
    private final AdminCommand.@Nullable AlStripes stripes;
    private final Work work;
    private @Nullable MetadataLayout next;

    Run(Volume volume, Backing backing, AdminCommand.@Nullable AlStripes stripes, Work work) {
      this.volume = volume;
      this.backing = backing;
      this.stripes = stripes;
      this.work = work;
    }

    void measured(LocalDisk.@Nullable Size size) {
      MetadataLayout now = backing.layout();
      try {
        next = size == null ? now : layoutFor(now, size);
      } catch (MetadataException unfit) {
        refuse(String.valueOf(unfit.getMessage()));
        return;
      }
      look();
    }

    /// The same layout while the disk has the size that it was made for.
    private MetadataLayout layoutFor(MetadataLayout now, LocalDisk.Size size)
        throws MetadataException {
      int alStripes = stripes == null ? now.alStripes() : stripes.stripes();
      int stripeSize = stripes == null ? now.alStripeSize4k() : stripes.stripeSize4k();
      boolean isSameMetadataDevice =
          !(now.kind() instanceof MetadataLayout.Kind.FlexExternal)
              || size.metadataBytes() / Extent.SECTOR_BYTES == now.metadataSectors();
      boolean isSame =
          size.dataBytes() / Extent.SECTOR_BYTES == now.backingSectors()
              && isSameMetadataDevice
              && alStripes == now.alStripes()
              && stripeSize == now.alStripeSize4k();
      return isSame
          ? now
          : MetadataLayout.of(
              now.kind(), size.dataBytes(), size.metadataBytes(), alStripes, stripeSize);
    }

    /// Goes on if it can. Without the disk, or in a resync that began meanwhile, nothing is moved.
    void look() {
      MetadataLayout wanted = next;
      if (wanted == null) {
        return;
      }
      boolean isGone = volume.device.backing() != backing || Disks.isGivenUp(volume);
      boolean isLate = volume.device.state().conn().compareTo(CONNECTED) > 0;
      if (isGone || isLate) {
        finish(work.plan(isGone ? null : backing.layout()) != null, true);
      } else if (!LayoutChange.isNeeded(backing.layout(), wanted)) {
        boolean isPlanned = work.plan(wanted) != null;
        if (isPlanned) {
          backing.extend(wanted);
        }
        finish(isPlanned, true);
      } else if (isQuiet()) {
        next = null;
        move(wanted);
      }
    }

    private boolean isQuiet() {
      return backing.isIdle() && backing.activity().isQuiet() && volume.isPeerIdle();
    }

    private void move(MetadataLayout wanted) {
      if (!backing.fitsRing(wanted)) {
        refuse("al-extents needs a larger activity log");
        return;
      }
      Plan plan = work.plan(wanted);
      if (plan == null) {
        finish(false, true);
        return;
      }
      parts.turn.log(
          Effect.Level.INFO,
          "volume %d: the metadata moves from byte %d to byte %d"
              .formatted(
                  volume.number(),
                  backing.layout().superblockOffsetBytes(),
                  wanted.superblockOffsetBytes()));
      LayoutChange.begin(
          backing,
          wanted,
          plan.sectors,
          plan.newBlocksOutOfSync,
          ok -> {
            if (ok) {
              long bytes = wanted.backingSectors() * Extent.SECTOR_BYTES;
              parts.turn.add(new Effect.MetadataMoved(volume.number(), bytes));
            }
            finish(true, ok);
          });
    }

    private void refuse(String why) {
      finish(false, false);
      work.unfit(why);
    }

    /// It is over; `tells` if the work has to hear how it went.
    private void finish(boolean tells, boolean ok) {
      next = null;
      runs.remove(volume.number());
      volume.device.setChangesSize(false);
      if (tells) {
        work.done(ok);
      }
      states.goOn(volume);
    }
  }
}
