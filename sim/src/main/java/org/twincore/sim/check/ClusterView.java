package org.twincore.sim.check;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// All that checkers look at: the two nodes with their drives, what they said, what the
/// applications were told, and what was promised.
public final class ClusterView {
  private final Simulation simulation;
  private final List<SimNode> nodes;
  private final int volumes;
  private final Promise promise;
  private final StateBoard board = new StateBoard();
  private final TreeMap<Integer, VolumeHistory> histories = new TreeMap<>();
  private final Lineage lineage;
  private final DeviceSizes sizes = new DeviceSizes();

  /// By volume and node: what was read out of the drives' blocks.
  private final TreeMap<Integer, SeenBlocks> current = new TreeMap<>();

  private final TreeMap<Integer, SeenBlocks> stable = new TreeMap<>();

  /// By volume: blocks in which the drives differed when they were last looked at.
  private final TreeMap<Integer, TreeSet<Long>> differing = new TreeMap<>();

  public ClusterView(Simulation simulation, List<SimNode> nodes, int volumes, Promise promise) {
    this.simulation = simulation;
    this.nodes = List.copyOf(nodes);
    this.volumes = volumes;
    this.promise = promise;
    for (int volume = 0; volume < volumes; volume++) {
      histories.put(volume, new VolumeHistory());
    }
    this.lineage = new Lineage(board, volumes);
    nodes.forEach(node -> node.watch(board));
    nodes.forEach(node -> node.watch(lineage));
    nodes.forEach(node -> node.watch(sizes));
  }

  public Simulation simulation() {
    return simulation;
  }

  public SimNode node(int id) {
    return nodes.get(id);
  }

  public List<SimNode> nodes() {
    return nodes;
  }

  public int volumes() {
    return volumes;
  }

  public Promise promise() {
    return promise;
  }

  public StateBoard board() {
    return board;
  }

  public StateWord state(int node, int volume) {
    return board.of(node, volume);
  }

  public Lineage lineage() {
    return lineage;
  }

  public VolumeHistory history(int volume) {
    VolumeHistory history = histories.get(volume);
    if (history == null) {
      throw new IllegalArgumentException("volume " + volume);
    }
    return history;
  }

  /// Somebody decides that from now on the truth is what this node's drive has, and that the other
  /// one's is given up.
  public void goOnWith(int node, int volume) {
    VolumeHistory history = history(volume);
    for (long sector : history.knownSectors()) {
      history.settle(sector, onDrive(node, volume, sector), stableOnDrive(node, volume, sector));
    }
    lineage.declare(node, volume, true);
    lineage.declare(1 - node, volume, false);
  }

  public SimDrive drive(int node, int volume) {
    return nodes.get(node).drive(volume);
  }

  /// What a node's drive has in a sector now, as [Content] names it.
  public long onDrive(int node, int volume, long sector) {
    return seen(node, volume).of(drive(node, volume).data().block(sector / 8), sector);
  }

  /// What would be left of a sector if everything volatile were lost now.
  public long stableOnDrive(int node, int volume, long sector) {
    return seenStable(node, volume).of(drive(node, volume).data().stableBlock(sector / 8), sector);
  }

  private SeenBlocks seen(int node, int volume) {
    return current.computeIfAbsent(volume * 2 + node, _ -> new SeenBlocks());
  }

  private SeenBlocks seenStable(int node, int volume) {
    return stable.computeIfAbsent(volume * 2 + node, _ -> new SeenBlocks());
  }

  /// The size that the volume has at both nodes; before they agreed on one, all that both have room
  /// for.
  public long deviceSectors(int volume) {
    return sizes
        .agreed(volume)
        .orElseGet(() ->
            Math.min(
                drive(0, volume).layout().usableSectors(),
                drive(1, volume).layout().usableSectors()));
  }

  /// Blocks of 4 KiB in which the two drives differ, ascending.
  public List<Long> differingBlocks(int volume) {
    SimDrive first = drive(0, volume);
    SimDrive second = drive(1, volume);
    long end = Math.min(first.data().sizeBytes(), second.data().sizeBytes()) / 4096;
    BitSet touched = first.data().takeTouched();
    touched.or(second.data().takeTouched());
    TreeSet<Long> known = differing.computeIfAbsent(volume, _ -> new TreeSet<>());
    for (int next = touched.nextSetBit(0);
        next >= 0 && next < end;
        next = touched.nextSetBit(next + 1)) {
      if (Arrays.equals(first.data().block(next), second.data().block(next))) {
        known.remove((long) next);
      } else {
        known.add((long) next);
      }
    }
    return List.copyOf(known.headSet((deviceSectors(volume) + 7) / 8));
  }
}
