package org.twincore.sim.world;

import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.twincore.drbd.meta.GrownDisk;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.testkit.Prng;

/// The drive under one volume of one node: data and metadata areas, how quick it is and how ill.
///
/// Outlives crashes of its node. With internal metadata both areas are one store.
public final class SimDrive {
  private MetadataLayout layout;
  private long knownBytes;
  private long knownUuid;
  private final SimStore data;
  private final SimStore metadata;
  private final Health health = new Health();
  private final SimUndoStore undo = new SimUndoStore();

  /// How the drive behaves at the moment; changed by faults while it runs.
  public static final class Health {
    private long latencyMinNanos = 50 * Simulation.MICROSECOND;
    private long latencyMaxNanos = Simulation.MILLISECOND;
    private long stalledUntilNanos;
    private Failing failing = Failing.NOTHING;
    private BooleanSupplier fails = () -> true;
    private boolean flushLies;

    public void latency(long minNanos, long maxNanos) {
      latencyMinNanos = minNanos;
      latencyMaxNanos = maxNanos;
    }

    /// Nothing completes before `nanos`.
    public void stallUntil(long nanos) {
      stalledUntilNanos = Math.max(stalledUntilNanos, nanos);
    }

    public void failing(Failing what) {
      failing(what, () -> true);
    }

    /// The same, but that only what is finished while `holds` does is answered with an error.
    public void failing(Failing what, BooleanSupplier holds) {
      failing = what;
      fails = holds;
    }

    /// Which requests it was told to fail.
    public Failing failing() {
      return failing;
    }

    boolean fails(Failing kind) {
      boolean isKind = failing == Failing.EVERYTHING || failing == kind;
      return isKind && fails.getAsBoolean();
    }

    /// Flushes and durable writes are answered but leave everything volatile.
    public void flushLies(boolean lies) {
      flushLies = lies;
    }

    boolean flushLies() {
      return flushLies;
    }

    long latencyNanos(RandomGenerator random) {
      return random.nextLong(latencyMinNanos, latencyMaxNanos + 1);
    }

    long stalledUntilNanos() {
      return stalledUntilNanos;
    }
  }

  /// Which requests the drive answers with an error.
  public enum Failing {
    NOTHING,
    READS,
    WRITES,
    METADATA,
    EVERYTHING
  }

  /// A drive of `backingBytes` with internal metadata, or with a metadata device of its own if
  /// `metadataBytes` is not 0; blank.
  public SimDrive(long backingBytes, long metadataBytes) {
    layout =
        layout(
            metadataBytes == 0
                ? new MetadataLayout.Kind.Internal()
                : new MetadataLayout.Kind.FlexExternal(),
            backingBytes,
            metadataBytes);
    knownBytes = backingBytes;
    data = new SimStore(backingBytes);
    metadata = metadataBytes == 0 ? data : new SimStore(metadataBytes);
  }

  private static MetadataLayout layout(
      MetadataLayout.Kind kind, long backingBytes, long metadataBytes) {
    try {
      return MetadataLayout.of(kind, backingBytes, metadataBytes);
    } catch (MetadataException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// The disk gets more room at its end, as a logical volume does.
  public void grow(long backingBytes) {
    data.grow(backingBytes);
    layout = layout(layout.kind(), backingBytes, metadata.sizeBytes());
  }

  /// What the tools remember of the disk from when it was last in use.
  public GrownDisk.Known known() {
    return new GrownDisk.Known(knownBytes, knownUuid);
  }

  /// Metadata of that identifier stands where a disk of that size ends.
  public void remember(long sizeBytes, long deviceUuid) {
    knownBytes = sizeBytes;
    knownUuid = deviceUuid;
  }

  /// The layout for the size that it has now.
  public MetadataLayout layout() {
    return layout;
  }

  public SimStore data() {
    return data;
  }

  public SimStore metadata() {
    return metadata;
  }

  /// The undo file of the volume; on another disk of the same machine.
  public SimUndoStore undo() {
    return undo;
  }

  public Health health() {
    return health;
  }

  /// Number of whole or partial 4 KiB blocks in the usable data area.
  public long dataBlocks() {
    return (layout.usableSectors() + 7) / 8;
  }

  /// Everything volatile is lost, kept, or any mixture.
  public void powerCut(Prng random, SimStore.Keep keep) {
    Prng undoChance = random.aside();
    data.powerCut(random, keep, dataBlocks());
    if (metadata != data) {
      metadata.powerCut(random, keep, 0);
    }
    undo.powerCut(undoChance, keep);
  }
}
