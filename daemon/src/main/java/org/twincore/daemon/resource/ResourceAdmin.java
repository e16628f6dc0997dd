package org.twincore.daemon.resource;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.AdminRequest;
import org.twincore.daemon.loop.LoopDisk;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.engine.exchange.UndoFound;
import org.twincore.drbd.meta.MetadataFlags;

/// What admins do to one resource. Each method waits until it is done.
public final class ResourceAdmin {
  private static final Logger LOG = System.getLogger("org.twincore.disk");

  /// For a disk that was given up to be closed.
  private static final long RELEASE_SECONDS = 10;

  /// For one that was given up by force, in which most disks answer what was begun.
  private static final long ABANDON_SECONDS = 2;

  private final ResourceNode node;

  public ResourceAdmin(ResourceNode node) {
    this.node = node;
  }

  public AdminResult newVolume(int number, int minor) throws RefusedException {
    node.configuring().lock();
    try {
      if (node.volume(number).isPresent()) {
        throw new RefusedException(
            RefusedException.MINOR_OR_VOLUME_EXISTS,
            "volume " + number + " of " + node.name() + " is there already");
      }
      AdminResult result =
          node.command(new AdminCommand.NewVolume(number, minor, OptionValues.DEFAULTS));
      if (result.isSuccess()) {
        node.addVolume(number, minor);
        node.publish();
      }
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  public AdminResult deleteVolume(VolumeNode volume) throws RefusedException {
    node.configuring().lock();
    try {
      AdminResult result = node.command(new AdminCommand.DeleteVolume(volume.number()));
      if (result.isSuccess()) {
        node.removeVolume(volume);
        node.publish();
      }
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  public AdminResult attach(VolumeNode volume, AdminRequest.Attach request)
      throws RefusedException {
    OptionValues options = OptionText.parse(Option.Section.DISK, request.options());
    node.configuring().lock();
    try {
      if (status(volume).state().disk() != DiskState.DISKLESS) {
        throw new RefusedException(
            RefusedException.DISK_ALREADY_ATTACHED,
            "minor " + volume.minor() + " has a disk already, detach it first");
      }
      awaitRelease(volume);
      BackingDisk.Wanted wanted =
          new BackingDisk.Wanted(
              node.name() + "/" + volume.number(),
              volume.number(),
              volume.minor(),
              request.disk(),
              request.metaDisk(),
              request.metaIndex());
      BackingDisk disk =
          BackingDisk.open(wanted, node.diskAccess(), node.knownDisks(), node.loop());
      return attach(volume, wanted, disk, options);
    } finally {
      node.configuring().unlock();
    }
  }

  private AdminResult attach(
      VolumeNode volume, BackingDisk.Wanted wanted, BackingDisk disk, OptionValues options)
      throws RefusedException {
    LoopDisk port =
        new LoopDisk(
            disk.disk(),
            node.aftermath(),
            () -> volume.diskOptions().num(Option.DISK_TIMEOUT) == 0);
    node.loop().between(() -> node.runner().addDisk(volume.number(), port));
    int flags = disk.image().superblock().flags();
    boolean alone =
        (flags & MetadataFlags.PRIMARY_INDICATOR) != 0
            && (flags & MetadataFlags.CONNECTED_INDICATOR) == 0;
    volume.attached(new VolumeNode.Attached(wanted, disk, alone));
    volume.holes().attached(wanted.dataPath());
    boolean isAttached = false;
    try {
      AdminResult result = node.command(new AdminCommand.DiskOptions(volume.number(), options));
      if (result.isSuccess()) {
        volume.diskOptions(options);
        result =
            node.command(
                new AdminCommand.Attach(volume.number(), disk.image(), undo(volume, disk)));
      }
      isAttached = result.isSuccess();
      return result;
    } finally {
      if (!isAttached) {
        volume.holes().detached();
        node.loop().between(() -> port.carryOut(new Effect.CloseDisk(volume.number())));
      }
      node.publish();
    }
  }

  /// An undo file of this disk that was not ended goes on.
  private static Optional<UndoFound> undo(VolumeNode volume, BackingDisk disk)
      throws RefusedException {
    try {
      return volume.undo().found(disk.image().superblock().deviceUuid());
    } catch (IOException failed) {
      throw RefusedException.nonsense("undo files: " + failed.getMessage());
    }
  }

  /// What the backing disks have become is taken into use.
  public AdminResult resize(VolumeNode volume, AdminRequest.Resize request)
      throws RefusedException {
    node.configuring().lock();
    try {
      AdminResult result = node.command(ResizeText.command(volume.number(), request));
      if (result.isSuccess()) {
        volume.diskOptions(volume.diskOptions().with(Option.SIZE, request.sizeSectors()));
      }
      node.publish();
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  /// By force it does not wait for a disk that hangs: that one is given up, and stays Failed until
  /// it has answered or refused all that was begun.
  public AdminResult detach(VolumeNode volume, boolean force) throws RefusedException {
    Tickets.Ticket ticket = node.begin(new AdminCommand.Detach(volume.number(), force));
    if (force && !ticket.isAnsweredWithin(ABANDON_SECONDS) && isGivenUp(volume)) {
      LOG.log(
          Level.WARNING,
          "minor={0} the disk was given up and does not answer; it is Failed until it does",
          volume.minor());
      return AdminResult.OK;
    }
    AdminResult result = node.await(ticket);
    if (result.isSuccess()) {
      awaitRelease(volume);
    }
    return result;
  }

  private boolean isGivenUp(VolumeNode volume) {
    return node.reported().status().volumes().stream()
        .filter(it -> it.volume() == volume.number())
        .anyMatch(it -> it.state().disk() == DiskState.FAILED);
  }

  private static void awaitRelease(VolumeNode volume) throws RefusedException {
    if (volume.attached().isEmpty()) {
      return;
    }
    try {
      if (!volume.attached().get().disk().released().await(RELEASE_SECONDS, TimeUnit.SECONDS)) {
        throw RefusedException.nonsense(
            "the disk of minor " + volume.minor() + " still has I/O under way");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  public AdminResult connect(Wiring wanted, AdminRequest.Connect request) throws RefusedException {
    node.configuring().lock();
    try {
      if (node.reported().status().connection() == ConnectionState.STAND_ALONE) {
        node.loop().between(() -> node.link().use(wanted.ends(), node.loop()));
        node.wiring(wanted);
      }
      AdminResult result =
          node.command(
              new AdminCommand.Connect(wanted.net(), request.discardMyData(), request.tentative()));
      node.publish();
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  public AdminResult disconnect(boolean force) throws RefusedException {
    AdminResult result = node.command(new AdminCommand.Disconnect(force));
    node.publish();
    return result;
  }

  /// Demotes, disconnects, detaches; afterwards the resource is taken apart.
  public AdminResult down() throws RefusedException {
    AdminResult result = downWithoutDevices(node.volumes().iterator());
    if (result.isSuccess()) {
      for (VolumeNode volume : node.volumes()) {
        awaitRelease(volume);
      }
      node.dismantle(node.name() + " is down");
    }
    return result;
  }

  /// Takes away one device after the other, then everything else; nested, since each that was taken
  /// away comes back if a later step is refused.
  private AdminResult downWithoutDevices(Iterator<VolumeNode> volumes) throws RefusedException {
    return volumes.hasNext()
        ? volumes.next().device().demoting(() -> downWithoutDevices(volumes))
        : node.command(new AdminCommand.Down());
  }

  /// For a resource without volumes and connection.
  public void forget() {
    node.dismantle(node.name() + " was removed");
  }

  public AdminResult diskOptions(VolumeNode volume, AdminRequest.DiskOptions request)
      throws RefusedException {
    Map<String, String> changeable = new LinkedHashMap<>(request.options());
    changeable.remove(Option.SIZE.word());
    OptionValues given = OptionText.parse(Option.Section.DISK, changeable);
    node.configuring().lock();
    try {
      OptionValues running = volume.diskOptions();
      OptionValues changed = request.setDefaults() ? given : running.overriddenBy(given);
      // Attaching and `resize` say how large the device is; no change of options does.
      OptionValues merged =
          running.set().containsKey(Option.SIZE)
              ? changed.with(Option.SIZE, running.num(Option.SIZE))
              : changed;
      AdminResult result = node.command(new AdminCommand.DiskOptions(volume.number(), merged));
      if (result.isSuccess()) {
        volume.diskOptions(merged);
        node.publish();
      }
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  public AdminResult netOptions(AdminRequest.NetOptions request) throws RefusedException {
    OptionValues given = OptionText.parse(Option.Section.NET, request.options());
    node.configuring().lock();
    try {
      Optional<Wiring> wiring = node.wiring();
      OptionValues merged = request.setDefaults() ? given : node.net().overriddenBy(given);
      AdminResult result = node.command(new AdminCommand.NetOptions(merged));
      if (result.isSuccess() && wiring.isPresent()) {
        node.wiring(wiring.get().withNet(merged));
      }
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  public AdminResult resourceOptions(
      Map<String, String> options, @Nullable Map<String, String> handlers, boolean setDefaults)
      throws RefusedException {
    OptionValues given = OptionText.parse(Option.Section.OPTIONS, options);
    node.configuring().lock();
    try {
      OptionValues merged = setDefaults ? given : node.options().overriddenBy(given);
      AdminResult result = node.command(new AdminCommand.ResourceOptions(merged));
      if (result.isSuccess()) {
        node.options(merged);
        if (handlers != null) {
          node.handlers().set(handlers);
        }
      }
      return result;
    } finally {
      node.configuring().unlock();
    }
  }

  public AdminResult promote(VolumeNode volume, boolean force) throws RefusedException {
    AdminCommand command = new AdminCommand.Primary(volume.number(), force);
    return volume.device().promoting(() -> node.command(command));
  }

  public AdminResult demote(VolumeNode volume) throws RefusedException {
    AdminCommand command = new AdminCommand.Secondary(volume.number());
    return volume.device().demoting(() -> node.command(command));
  }

  /// Any other change of a volume.
  public AdminResult change(AdminCommand command) throws RefusedException {
    return node.command(command);
  }

  private VolumeStatus status(VolumeNode volume) throws RefusedException {
    return node.reported().status().volumes().stream()
        .filter(status -> status.volume() == volume.number())
        .findFirst()
        .orElseThrow(() ->
            new RefusedException(
                RefusedException.MINOR_UNKNOWN, "minor " + volume.minor() + " is gone"));
  }
}
