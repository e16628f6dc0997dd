package org.twincore.drbd.engine.exchange;

import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.meta.MetadataImage;

/// What an admin (or the node itself) can ask of a resource, one record a drbdsetup command.
public sealed interface AdminCommand {

  /// `new-minor`: make a volume known, diskless; `disk` are its merged options.
  record NewVolume(int volume, int minor, OptionValues disk) implements AdminCommand {}

  /// `del-minor`: forget a volume that is Diskless, Secondary and without connection.
  record DeleteVolume(int volume) implements AdminCommand {}

  /// `attach`: use a backing disk whose metadata the edge has locked, read and, as `drbdadm` always
  /// does, applied the activity log to. `undo` is what was found of its undo file; empty where no
  /// undo files are kept.
  record Attach(int volume, MetadataImage image, Optional<UndoFound> undo) implements AdminCommand {
    /// Without undo files.
    public Attach(int volume, MetadataImage image) {
      this(volume, image, Optional.empty());
    }
  }

  /// A resync that overwrites the loser of a split brain goes on without saving what it overwrites
  /// (`undo-split-brain --stop`).
  record StopUndo(int volume) implements AdminCommand {}

  /// `detach`; answered when all is written and the disk was released.
  record Detach(int volume, boolean force) implements AdminCommand {}

  /// `connect`: from StandAlone on keep connecting to the peer; `net` are the merged options.
  record Connect(OptionValues net, boolean discardMyData, boolean tentative)
      implements AdminCommand {}

  /// `disconnect`; graceful first unless forced.
  record Disconnect(boolean force) implements AdminCommand {}

  record Primary(int volume, boolean force) implements AdminCommand {}

  record Secondary(int volume) implements AdminCommand {}

  /// Own data is worthless: resync all from the peer.
  record Invalidate(int volume) implements AdminCommand {}

  record InvalidateRemote(int volume) implements AdminCommand {}

  record NewCurrentUuid(int volume, boolean clearBitmap) implements AdminCommand {}

  record PauseSync(int volume) implements AdminCommand {}

  record ResumeSync(int volume) implements AdminCommand {}

  /// `verify`: compares both disks, block by block, without the data; answered when it has begun.
  /// Sectors; without a start it goes on where the last one was cut, without a stop to the end. At
  /// most `mostKib` KiB a second, or as fast as the options of a resync say.
  record Verify(int volume, OptionalLong startSector, OptionalLong stopSector, OptionalLong mostKib)
      implements AdminCommand {
    public Verify(int volume, OptionalLong startSector, OptionalLong stopSector) {
      this(volume, startSector, stopSector, OptionalLong.empty());
    }
  }

  /// `repair`: a resync of the blocks that are marked out of sync, while connected; the other side
  /// than `source` is overwritten. Answered when it was asked for.
  record Repair(int volume, Side source) implements AdminCommand {}

  /// Which of the two nodes.
  enum Side {
    LOCAL,
    PEER
  }

  /// `resize`: takes into use what the backing disks have now; answered when the own metadata is
  /// moved and durable. `wantedSectors` replaces the option `size` (0: as much as both disks have).
  /// `stripes` asks for another shape of the activity log.
  record Resize(int volume, long wantedSectors, Assume assume, Optional<AlStripes> stripes)
      implements AdminCommand {}

  /// What an admin vouches for.
  record Assume(boolean clean, boolean peerHasSpace) {
    public static final Assume NOTHING = new Assume(false, false);
  }

  /// The ring of the activity log: so many stripes of so many blocks of 4 KiB.
  record AlStripes(int stripes, int stripeSize4k) {}

  record Outdate(int volume) implements AdminCommand {}

  record SuspendIo(int volume) implements AdminCommand {}

  record ResumeIo(int volume) implements AdminCommand {}

  /// `disk-options`: takes effect at once, tells the peer.
  record DiskOptions(int volume, OptionValues disk) implements AdminCommand {}

  /// `net-options`: takes effect at once, tells the peer.
  record NetOptions(OptionValues net) implements AdminCommand {}

  record ResourceOptions(OptionValues resource) implements AdminCommand {}

  /// `down`: demote, disconnect, detach all volumes; answered when nothing is left in use.
  record Down() implements AdminCommand {}
}
