package org.twincore.sim.planted;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Edges that do to a drive something else than the engine asked for.
final class DiskTampers {
  private static final int SECTOR_BYTES = 512;

  private DiskTampers() {}

  /// Which requests a tamper takes.
  interface When {
    boolean holds(SimNode node, StateWord state);
  }

  static boolean always(SimNode node, StateWord state) {
    return true;
  }

  static boolean onPrimary(SimNode node, StateWord state) {
    return state.role() == Role.PRIMARY;
  }

  static boolean onSecondary(SimNode node, StateWord state) {
    return state.role() == Role.SECONDARY;
  }

  static boolean asSyncTarget(SimNode node, StateWord state) {
    return state.conn() == ConnectionState.SYNC_TARGET;
  }

  static StateWord state(SimNode node, int volume) {
    return node.status().stream()
        .flatMap(status -> status.volumes().stream())
        .filter(each -> each.volume() == volume)
        .map(each -> each.state())
        .findFirst()
        .orElse(StateWord.INITIAL);
  }

  private static void answer(SimNode node, int volume, long token) {
    node.simulation().after(1_000, () -> node.deliver(new Event.LocalDone(volume, token)));
  }

  /// Writes of data are answered and not done.
  static Tamper dropsWrites(When when) {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.WriteLocal write
            && when.holds(node, state(node, write.volume()))) {
          answer(node, write.volume(), write.token());
          return List.of();
        }
        return List.of(effect);
      }
    };
  }

  /// Flushes are answered and not done.
  static Tamper dropsFlushes(When when) {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.FlushLocal flush
            && when.holds(node, state(node, flush.volume()))) {
          answer(node, flush.volume(), flush.token());
          return List.of();
        }
        return List.of(effect);
      }
    };
  }

  /// Discards are answered and not done.
  static Tamper dropsDiscards() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.DiscardLocal discard) {
          answer(node, discard.volume(), discard.token());
          return List.of();
        }
        return List.of(effect);
      }
    };
  }

  /// A Secondary's writes land one block further.
  static Tamper writesElsewhere() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.WriteLocal write
            && write.sector() >= 8
            && onSecondary(node, state(node, write.volume()))) {
          return List.of(
              new Effect.WriteLocal(
                  write.volume(), write.token(), write.sector() - 8, write.payload(), write.fua()));
        }
        return List.of(effect);
      }
    };
  }

  /// Reads bring the neighbour block.
  static Tamper readsElsewhere() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.ReadLocal read && read.extent().sector() >= 8) {
          Extent other = new Extent(read.extent().sector() - 8, read.extent().sizeBytes());
          return List.of(new Effect.ReadLocal(read.volume(), read.token(), other));
        }
        return List.of(effect);
      }
    };
  }

  /// What becomes of a region of the metadata; an empty list: it is not written.
  interface RegionChange {
    List<Effect.Region> of(Effect.Region region);
  }

  /// Which part of the metadata a region lies in.
  enum Part {
    SUPERBLOCK,
    ACTIVITY_LOG,
    BITMAP;

    private static Part of(MetadataLayout layout, long offsetBytes) {
      if (offsetBytes == layout.superblockOffsetBytes()) {
        return SUPERBLOCK;
      }
      long log = layout.alOffsetBytes();
      long logEnd = log + 4096L * MetadataLayout.STRIPE_SIZE_4K_DEFAULT;
      return offsetBytes >= log && offsetBytes < logEnd ? ACTIVITY_LOG : BITMAP;
    }
  }

  /// Regions of one part of the metadata are changed on their way; all is answered.
  static Tamper changesMetadata(Part part, RegionChange change) {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (!(effect instanceof Effect.WriteMetadata write)) {
          return List.of(effect);
        }
        MetadataLayout layout = node.drive(write.volume()).layout();
        List<Effect.Region> regions = new ArrayList<>();
        for (Effect.Region region : write.regions()) {
          boolean isMeant = Part.of(layout, region.offsetBytes()) == part;
          regions.addAll(isMeant ? change.of(region) : List.of(region));
        }
        if (regions.isEmpty()) {
          answer(node, write.volume(), write.token());
          return List.of();
        }
        return List.of(
            new Effect.WriteMetadata(write.volume(), write.token(), regions, write.durable()));
      }
    };
  }

  static List<Effect.Region> drop(Effect.Region region) {
    return List.of();
  }

  static List<Effect.Region> zero(Effect.Region region) {
    return List.of(new Effect.Region(region.offsetBytes(), new byte[region.bytes().length]));
  }

  /// Only the first sector arrives; the rest is as if nothing had been written.
  static List<Effect.Region> tear(Effect.Region region) {
    byte[] torn = Arrays.copyOf(region.bytes(), region.bytes().length);
    Arrays.fill(torn, SECTOR_BYTES, torn.length, (byte) 0xee);
    return List.of(new Effect.Region(region.offsetBytes(), torn));
  }

  /// Metadata is written and answered, but stays in the drive's cache.
  static Tamper keepsMetadataVolatile() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        return effect instanceof Effect.WriteMetadata write
            ? List.of(
                new Effect.WriteMetadata(write.volume(), write.token(), write.regions(), false))
            : List.of(effect);
      }
    };
  }

  /// Blocks are overwritten though what they held never came to the undo file.
  static Tamper savesNothing() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (!(effect instanceof Effect.AppendUndo append)) {
          return List.of(effect);
        }
        Event done = new Event.UndoDone(append.volume(), append.token());
        node.simulation().after(0, () -> node.deliver(done));
        return List.of();
      }
    };
  }

  /// An answer of a drive never comes.
  static Tamper losesAnAnswer() {
    return new Tamper() {
      private int answers;

      @Override
      public List<Event> event(SimNode node, Event event) {
        boolean isLost = event instanceof Event.LocalDone && ++answers % 200 == 0;
        return isLost ? List.of() : List.of(event);
      }
    };
  }
}
