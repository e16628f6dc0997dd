package org.twincore.sim.check;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;

/// What the loser of a split brain had on its disk when that was settled can be had again: from the
/// beginning of the undo to its end, and after each crash in between, the disk with the undo file
/// laid over it is the disk of that moment.
///
/// What was volatile then may be lost with the power, as ever; blocks whose writes were under way
/// then are not looked at.
public final class UndoRestoresLoser implements NodeWatcher {
  private static final String NAME = "UndoRestoresLoser";

  private final Map<Place, Moment> moments = new TreeMap<>();
  private long compared;

  private record Place(int node, int volume) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      return node != other.node
          ? Integer.compare(node, other.node)
          : Integer.compare(volume, other.volume);
    }
  }

  /// What each block had, last, and what a power cut could have made of it.
  private static final class Moment {
    private final List<List<byte[]>> possible = new ArrayList<>();
    private final BitSet changing = new BitSet();
    private boolean powerWasCut;

    /// The file is durable: from here on the promise holds, before it nothing is overwritten.
    private boolean hasBegun;
  }

  /// How many disks were compared.
  public long compared() {
    return compared;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    switch (effect) {
      case Effect.BeginUndo begin -> {
        Moment now = look(node, begin);
        moments.put(new Place(node.id(), begin.volume()), now);
      }
      case Effect.EndUndo end -> {
        if (end.complete()) {
          check(node, end.volume());
        }
        moments.remove(new Place(node.id(), end.volume()));
      }
      default -> {}
    }
  }

  @Override
  public void event(SimNode node, Event event) {
    if (event instanceof Event.UndoDone done) {
      Moment moment = moments.get(new Place(node.id(), done.volume()));
      if (moment != null) {
        moment.hasBegun = true;
      }
    }
  }

  private static Moment look(SimNode node, Effect.BeginUndo begin) {
    int volume = begin.volume();
    SimDrive drive = node.drive(volume);
    Moment moment = new Moment();
    // A drive that has grown holds its old metadata behind the device until that is moved.
    long blocks = Math.min(drive.dataBlocks(), begin.terms().sizeSectors() / 8);
    for (long block = 0; block < blocks; block++) {
      moment.possible.add(drive.data().possibleBlocks(block));
    }
    for (Extent extent : node.changing(volume)) {
      moment.changing.set((int) (extent.sector() / 8), (int) Math.ceilDiv(extent.endSector(), 8L));
    }
    return moment;
  }

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    for (Place place : List.copyOf(moments.keySet())) {
      if (place.node == node.id()) {
        Moment moment = moments.get(place);
        if (moment != null) {
          moment.powerWasCut |= ending == SimNode.Ending.POWER_CUT;
        }
        check(node, place.volume);
      }
    }
  }

  /// Compares what can be had again with what there was.
  public void check(SimNode node, int volume) {
    Moment moment = moments.get(new Place(node.id(), volume));
    if (moment == null) {
      return;
    }
    SimDrive drive = node.drive(volume);
    Optional<UndoContents> undo = moment.hasBegun ? drive.undo().contents() : Optional.empty();
    if (undo.isPresent() && undo.get().damagedAt().isPresent()) {
      throw new Violation(
          NAME,
          node.name() + "/" + volume + ": the undo file is damaged at " + undo.get().damagedAt());
    }
    for (int block = 0; block < moment.possible.size(); block++) {
      byte[] image = drive.data().block(block).clone();
      if (undo.isPresent()) {
        lay(undo.get(), block, image);
      }
      if (!moment.changing.get(block) && !isOneOf(image, moment, block)) {
        throw new Violation(
            NAME,
            "%s/%d block %d: the loser's data of %s is lost, %d stands there"
                .formatted(
                    node.name(),
                    volume,
                    block,
                    undo.map(it -> it.header().reason()).orElse("a file that is not begun"),
                    image[0]));
      }
    }
    compared++;
  }

  private static void lay(UndoContents undo, int block, byte[] image) {
    try {
      undo.lay(block * 8L, image);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isOneOf(byte[] image, Moment moment, int block) {
    List<byte[]> possible = moment.possible.get(block);
    int from = moment.powerWasCut ? 0 : possible.size() - 1;
    for (int at = from; at < possible.size(); at++) {
      if (Arrays.equals(image, possible.get(at))) {
        return true;
      }
    }
    return false;
  }
}
