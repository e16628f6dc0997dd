package org.twincore.drbd.engine.port;

import java.util.TreeMap;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Effects;

/// Routes the effects of one resource to its ports, in order; no I/O of its own.
///
/// Owned by whoever owns the resource. Disks come and go with attach and detach.
public final class EffectRunner {
  private final Link link;
  private final Applications applications;
  private final NodeServices node;
  private final TreeMap<Integer, Disk> disks = new TreeMap<>();
  private final TreeMap<Integer, UndoFile> undoFiles = new TreeMap<>();

  public EffectRunner(Link link, Applications applications, NodeServices node) {
    this.link = link;
    this.applications = applications;
    this.node = node;
  }

  /// Makes `disk` the target of the volume's disk effects; called before the Attach event.
  public void addDisk(int volume, Disk disk) {
    disks.put(volume, disk);
  }

  /// Makes `file` the target of the volume's undo effects; called before an Attach event that says
  /// that undo files are kept.
  public void addUndoFile(int volume, UndoFile file) {
    undoFiles.put(volume, file);
  }

  /// Carries out and forgets everything in `effects`.
  public void run(Effects effects) {
    for (Effect effect : effects.drain()) {
      switch (effect) {
        case Effect.OfDisk disk -> runDisk(disk);
        case Effect.OfUndo toFile -> runUndo(toFile);
        case Effect.OfLink toLink -> link.carryOut(toLink);
        case Effect.OfApplication answer -> applications.carryOut(answer);
        case Effect.OfNode toNode -> node.carryOut(toNode);
      }
    }
  }

  private void runUndo(Effect.OfUndo effect) {
    UndoFile file = undoFiles.get(effect.volume());
    if (file == null) {
      throw new IllegalStateException("no undo file for " + effect);
    }
    file.carryOut(effect);
  }

  private void runDisk(Effect.OfDisk effect) {
    Disk disk = disks.get(effect.volume());
    if (disk == null) {
      throw new IllegalStateException("no disk for " + effect);
    }
    disk.carryOut(effect);
    if (effect instanceof Effect.CloseDisk) {
      disks.remove(effect.volume());
    }
  }
}
