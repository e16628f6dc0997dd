package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Growth;
import org.twincore.drbd.engine.state.SizeNegotiation;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;

/// `resize`: the device gets what the backing disks have room for now, or a size that the admin
/// names (`drbd_adm_resize`).
///
/// The peer is told and answers; where both have grown the new area is copied then. A device never
/// shrinks because a disk did: only by a size that an admin names.
final class ResizeCommand {
  private static final int DISK_TOO_SMALL = 111;
  private static final int IO_ERROR = 118;
  private static final int RESYNC_RUNS = 130;
  private static final int NO_PRIMARY = 131;
  private static final int NO_DISK = 138;
  private static final int NEEDS_VERSION_93 = 153;
  private static final int LAYOUT_CONNECTED = 168;
  private static final int LAYOUT_NO_FIT = 169;
  private static final int IMPLICIT_SHRINK = 170;
  private static final int VERSION_WITH_FLAGS = 93;

  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final Resizes resizes;

  ResizeCommand(Parts parts, States states, Parameters parameters, Resizes resizes) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.resizes = resizes;
  }

  void resize(Volume volume, AdminCommand.Resize command, Consumer<AdminResult> then) {
    AdminResult refusal = refusal(volume, command);
    if (refusal != null) {
      then.accept(refusal);
    } else {
      resizes.begin(volume, command.stripes().orElse(null), new OfAdmin(volume, command, then));
    }
  }

  private @Nullable AdminResult refusal(Volume volume, AdminCommand.Resize command) {
    StateWord state = volume.device.state();
    if (!volume.device.hasUsableDisk()) {
      return new AdminResult.Config(NO_DISK, "Need to be attached to a disk to resize");
    }
    if (state.conn().compareTo(CONNECTED) > 0 || resizes.isUnderWay(volume)) {
      return new AdminResult.Config(RESYNC_RUNS, "Resize not allowed during resync");
    }
    if (state.conn() == WF_REPORT_PARAMS) {
      return new AdminResult.State(StateResult.IN_TRANSIENT_STATE, "");
    }
    if (state.role() == Role.SECONDARY && state.peer() == Role.SECONDARY) {
      return new AdminResult.Config(NO_PRIMARY, "Need one Primary node to resize");
    }
    boolean isConnected = state.conn() == CONNECTED;
    if (command.assume().clean() && isConnected && parts.peering.version() < VERSION_WITH_FLAGS) {
      return new AdminResult.Config(
          NEEDS_VERSION_93, "--assume-clean needs a peer with protocol 93 or later");
    }
    return command.stripes().isPresent() ? refusal(volume, command, isConnected) : null;
  }

  /// What speaks against another shape of the activity log.
  private static @Nullable AdminResult refusal(
      Volume volume, AdminCommand.Resize command, boolean isConnected) {
    if (volume.device.disk().layout().kind() instanceof MetadataLayout.Kind.Indexed) {
      return new AdminResult.Config(
          LAYOUT_NO_FIT, "Indexed metadata has an activity log of 1 x 32 KiB");
    }
    return isConnected || command.assume().peerHasSpace()
        ? null
        : new AdminResult.Config(
            LAYOUT_CONNECTED,
            "Another activity log needs a connected peer, or --assume-peer-has-space");
  }

  private static AdminResult tooSmall(long wanted, long room) {
    return new AdminResult.Config(
        DISK_TOO_SMALL,
        "%d sectors are wanted, there is room for %d on the backing disks".formatted(wanted, room));
  }

  private final class OfAdmin implements Resizes.Work {
    private final Volume volume;
    private final AdminCommand.Resize command;
    private final Consumer<AdminResult> then;
    private long sectors;

    OfAdmin(Volume volume, AdminCommand.Resize command, Consumer<AdminResult> then) {
      this.volume = volume;
      this.command = command;
      this.then = then;
    }

    @Override
    public Resizes.@Nullable Plan plan(@Nullable MetadataLayout layout) {
      AdminResult refusal =
          layout == null
              ? new AdminResult.Config(NO_DISK, "The disk was given up meanwhile")
              : volume.device.state().conn().compareTo(CONNECTED) > 0
                  ? new AdminResult.Config(RESYNC_RUNS, "A resync began meanwhile")
                  : decide(layout);
      if (refusal != null) {
        then.accept(refusal);
        return null;
      }
      return new Resizes.Plan(sectors, !command.assume().clean());
    }

    /// Finds the size; what speaks against it, or null.
    private @Nullable AdminResult decide(MetadataLayout layout) {
      Device device = volume.device;
      Backing backing = device.disk();
      boolean isAlone = device.state().conn().isBelow(CONNECTED);
      boolean isForced = isAlone && command.assume().peerHasSpace();
      long wanted = command.wantedSectors();
      long room = layout.usableSectors();
      SizeNegotiation.Size size =
          SizeNegotiation.deviceSize(
              new SizeNegotiation.Bounds(
                  room,
                  isForced ? room : device.peerSectors(),
                  backing.superblock().lastAgreedSectors(),
                  wanted));
      if (wanted > room || (size.wantedTooBig() && isAlone)) {
        return tooSmall(wanted, size.sectors());
      }
      if (size.sectors() < device.sizeSectors() && (wanted == 0 || size.wantedTooBig())) {
        return new AdminResult.Config(
            IMPLICIT_SHRINK,
            "Implicit device shrinking not allowed: the device has %d sectors, there is room for %d;"
                    .formatted(device.sizeSectors(), size.sectors())
                + " use --size to shrink it");
      }
      // The peer's disk may have grown as well: until it says so the size stays.
      sectors = size.wantedTooBig() ? device.sizeSectors() : size.sectors();
      return null;
    }

    @Override
    public void unfit(String why) {
      then.accept(new AdminResult.Config(LAYOUT_NO_FIT, why));
    }

    @Override
    public void done(boolean ok) {
      if (!ok) {
        then.accept(new AdminResult.Config(IO_ERROR, "the metadata could not be written"));
        return;
      }
      Device device = volume.device;
      boolean grows = sectors > device.sizeSectors();
      device.setOptions(device.options().with(Option.SIZE, command.wantedSectors()));
      parameters.resize(volume, sectors, !command.assume().clean());
      ConnectionState conn = device.state().conn();
      if (conn == CONNECTED) {
        if (grows) {
          device.setGrowth(Growth.AWAITS_THE_PEER);
        }
        states.sendUuids(volume, 0);
        parameters.askSizes(volume, flags());
      }
      then.accept(AdminResult.OK);
    }

    private int flags() {
      return (command.assume().peerHasSpace() ? Packet.Sizes.FORCED : 0)
          | (command.assume().clean() ? Packet.Sizes.NO_RESYNC : 0);
    }
  }
}
