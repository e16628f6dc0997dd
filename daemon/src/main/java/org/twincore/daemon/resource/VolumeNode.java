package org.twincore.daemon.resource;

import java.util.Optional;
import org.twincore.admin.ResourceView;
import org.twincore.daemon.device.VolumeDevice;
import org.twincore.daemon.nbd.LocalHoles;
import org.twincore.daemon.undo.UndoJournal;
import org.twincore.drbd.config.OptionValues;

/// One volume of a resource on this node: what admins said of it. Guarded by its resource's
/// configuration lock, but for what is volatile.
public final class VolumeNode {
  private final int number;
  private final int minor;
  private final LocalHoles holes = new LocalHoles();
  private final VolumeDevice device;
  private final UndoJournal undo;
  private volatile OptionValues diskOptions = OptionValues.DEFAULTS;
  private volatile Optional<Attached> attached = Optional.empty();

  VolumeNode(int number, int minor, VolumeDevice device, UndoJournal undo) {
    this.number = number;
    this.minor = minor;
    this.device = device;
    this.undo = undo;
  }

  /// A disk that was attached; it may be detached again, by an admin or after an error. `alone`:
  /// this node was Primary without a peer when it last stopped.
  record Attached(BackingDisk.Wanted wanted, BackingDisk disk, boolean alone) {}

  public int number() {
    return number;
  }

  public int minor() {
    return minor;
  }

  /// The disk that was attached last; whether it still is, the engine knows.
  public Optional<ResourceView.Paths> paths() {
    return attached
        .map(Attached::wanted)
        .map(disk -> new ResourceView.Paths(disk.data(), disk.metadata(), disk.index()));
  }

  /// Its block device, where the machine has one.
  public VolumeDevice device() {
    return device;
  }

  /// Writes its undo files.
  UndoJournal undo() {
    return undo;
  }

  LocalHoles holes() {
    return holes;
  }

  public OptionValues diskOptions() {
    return diskOptions;
  }

  void diskOptions(OptionValues options) {
    diskOptions = options;
  }

  Optional<Attached> attached() {
    return attached;
  }

  void attached(Attached disk) {
    attached = Optional.of(disk);
  }
}
