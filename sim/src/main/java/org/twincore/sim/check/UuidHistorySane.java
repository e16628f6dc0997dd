package org.twincore.sim.check;

import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// The generation identifiers that a node writes make a sane history: the current one is new or the
/// peer's, or that of new metadata, never one that the node itself left behind; it is not at the
/// same time an older one; whoever writes alone has a bitmap UUID; and two healthy replicas have
/// the same current one and no bitmap UUID.
public final class UuidHistorySane implements NodeWatcher {
  private static final String NAME = "UuidHistorySane";

  private final ClusterView view;

  /// By volume and node: what was written last.
  private final TreeMap<Long, GenerationUuids> last = new TreeMap<>();

  /// By volume and node: every current or bitmap UUID ever written.
  private final TreeMap<Long, TreeSet<Long>> used = new TreeMap<>();

  private long changes;

  public UuidHistorySane(ClusterView view) {
    this.view = view;
  }

  /// How many changes of a current UUID were seen.
  public long changes() {
    return changes;
  }

  /// What was written last and was volatile may be gone.
  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (last.containsKey(key(node.id(), volume))) {
        try {
          last.put(
              key(node.id(), volume), new DriveMetadata(node.drive(volume)).superblock().uuids());
        } catch (MetadataException e) {
          throw new Violation(NAME, "%s has lost its metadata: %s".formatted(node.name(), e));
        }
      }
    }
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (!(effect instanceof Effect.WriteMetadata write)) {
      return;
    }
    long place = node.drive(write.volume()).layout().superblockOffsetBytes();
    for (Effect.Region region : write.regions()) {
      // A drive that has grown has its metadata where it was until the node has moved it.
      if (region.offsetBytes() == place || Superblock.isOne(region.bytes())) {
        written(node.id(), write.volume(), region.bytes());
      }
    }
  }

  private void written(int node, int volume, byte[] bytes) {
    GenerationUuids now;
    try {
      now = Superblock.decode(bytes).uuids();
    } catch (MetadataException e) {
      throw new Violation(NAME, "%s writes a broken superblock: %s".formatted(name(node), e));
    }
    long current = now.currentIdentity();
    if (current != 0 && (isSame(current, now.bitmap()) || isSame(current, now.history0()))) {
      throw new Violation(
          NAME,
          "%s/%d: the current UUID is an older one too: %s".formatted(name(node), volume, now));
    }
    GenerationUuids before = last.put(key(node, volume), now);
    if (before != null && before.currentIdentity() != current) {
      changes++;
      checkNew(node, volume, before, now);
    }
    remember(node, volume, now);
  }

  private void checkNew(int node, int volume, GenerationUuids before, GenerationUuids now) {
    long current = now.currentIdentity();
    boolean own = usedBy(node, volume).contains(current);
    boolean peers = usedBy(1 - node, volume).contains(current);
    boolean isFresh = current == GenerationUuids.JUST_CREATED;
    if (own && !peers && !isFresh) {
      throw new Violation(
          NAME,
          "%s/%d goes back to a current UUID of its own: %s, before %s"
              .formatted(name(node), volume, now, before));
    }
  }

  /// A write was answered by `node`. What the peer's disk does not get belongs to a generation that
  /// began when the two parted, or nobody finds out later that it is missing there. (A frozen node
  /// answers only what the peer has received.)
  public void writeAnswered(int node, int volume, Extent extent) {
    StateWord state = view.state(node, volume);
    boolean isAlone =
        state.disk() == DiskState.UP_TO_DATE
            && !state.isSuspended()
            && (state.conn().isBelow(ConnectionState.CONNECTED)
                || state.pdsk().isBelow(DiskState.INCONSISTENT));
    GenerationUuids written = last.get(key(node, volume));
    boolean seemsToLackOne = isAlone && written != null && written.bitmap() == 0;
    if (!seemsToLackOne) {
      return;
    }
    Optional<GenerationUuids> now = inMemory(node, volume);
    if (now.filter(it -> it.bitmap() == 0).isPresent() && !areEqual(volume, extent)) {
      throw new Violation(
          NAME,
          "%s/%d has answered a write alone, %s, in the generation of both: %s"
              .formatted(name(node), volume, state, now.get()));
    }
  }

  /// The mark of a crashed Primary stands for those that are on their way to the disk.
  private Optional<GenerationUuids> inMemory(int node, int volume) {
    return view.node(node)
        .status()
        .flatMap(
            status -> status.volumes().stream().filter(it -> it.volume() == volume).findFirst())
        .flatMap(ResourceStatus.VolumeStatus::uuids);
  }

  /// The write had reached the peer before the two parted.
  private boolean areEqual(int volume, Extent extent) {
    for (long sector = extent.sector(); sector < extent.endSector(); sector++) {
      if (view.onDrive(0, volume, sector) != view.onDrive(1, volume, sector)) {
        return false;
      }
    }
    return true;
  }

  private void remember(int node, int volume, GenerationUuids now) {
    usedBy(node, volume).add(now.currentIdentity());
    usedBy(node, volume).add(now.bitmap() & ~GenerationUuids.PRIMARY_BIT);
  }

  private static boolean isSame(long current, long older) {
    return current == (older & ~GenerationUuids.PRIMARY_BIT);
  }

  private TreeSet<Long> usedBy(int node, int volume) {
    return used.computeIfAbsent(key(node, volume), _ -> new TreeSet<>());
  }

  private static long key(int node, int volume) {
    return volume * 2L + node;
  }

  private String name(int node) {
    return view.node(node).name();
  }

  /// Compares the identifiers of healthy volumes; only where the run has come to rest.
  public void checkAtRest() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      GenerationUuids first = last.get(key(0, volume));
      GenerationUuids second = last.get(key(1, volume));
      if (first == null || second == null || !view.board().isHealthy(volume)) {
        continue;
      }
      boolean isOne = first.currentIdentity() == second.currentIdentity();
      if (!isOne || first.bitmap() != 0 || second.bitmap() != 0) {
        throw new Violation(
            NAME, "volume %d is healthy with %s and %s".formatted(volume, first, second));
      }
    }
  }
}
