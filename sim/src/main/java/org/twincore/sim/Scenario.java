package org.twincore.sim;

import java.util.List;
import java.util.stream.IntStream;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.wire.Features;
import org.twincore.sim.check.Promise;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.testkit.Prng;

/// What a seed decides before anything runs.
///
/// `driveBytes` has a size for each volume and node, `spots` the places that the workload writes
/// around, in sectors of the smaller drive.
public record Scenario(
    Start start,
    boolean splits,
    ReplicationProtocol protocol,
    List<VolumePlan> volumes,
    OptionValues resource,
    OptionValues disk,
    OptionValues net,
    int writes,
    int faults,
    int commands,
    EpochEnd epochs,
    Versions versions) {

  /// How the two replicas become equal at first.
  public enum Start {
    FULL_SYNC,
    CLEAR_BITMAP
  }

  /// One volume: backing sizes at both nodes, metadata device sizes (0: internal), and how far
  /// apart the workload's places are.
  public record VolumePlan(
      long backingBytes0, long backingBytes1, long metadataBytes, int spots, int openRequests) {
    public long backingBytes(int node) {
      return node == 0 ? backingBytes0 : backingBytes1;
    }
  }

  /// The highest protocol version that each node speaks.
  public record Versions(int first, int second) {
    static final Versions NEWEST = new Versions(Features.PROTOCOL_MAX, Features.PROTOCOL_MAX);

    int of(int node) {
      return node == 0 ? first : second;
    }

    int agreed() {
      return Math.min(first, second);
    }
  }

  private static final long MIB = 1 << 20;

  /// The scenario of a seed.
  public static Scenario draw(Prng random) {
    Prng digests = random.aside();
    Prng more = digests.aside();
    Prng ages = digests.aside().split();
    Prng failures = ages.aside();
    Start start = random.nextInt(25) == 0 ? Start.CLEAR_BITMAP : Start.FULL_SYNC;
    ReplicationProtocol protocol =
        switch (random.nextInt(10)) {
          case 0, 1 -> ReplicationProtocol.A;
          case 2, 3 -> ReplicationProtocol.B;
          default -> ReplicationProtocol.C;
        };
    int count = random.nextInt(3) == 0 ? random.nextInt(2, 4) : 1;
    List<VolumePlan> volumes =
        IntStream.range(0, count).mapToObj(_ -> volume(random, start, count)).toList();
    Versions versions = OptionDraw.versions(ages, count);
    return new Scenario(
        start,
        random.nextInt(10) == 0,
        protocol,
        volumes,
        OptionDraw.resource(random),
        OptionDraw.passOn(
            failures,
            OptionDraw.thin(
                more.aside().split(), OptionDraw.balance(more.aside(), OptionDraw.disk(random)))),
        OptionDraw.known(
            versions,
            net(digests, more, OptionDraw.net(random).with(Option.PROTOCOL, protocol.name()))),
        random.nextInt(1_000, 1_400),
        random.nextInt(15, 30),
        random.nextInt(10, 20),
        OptionDraw.epochs(random),
        versions);
  }

  private static OptionValues net(Prng digests, Prng more, OptionValues plain) {
    OptionValues sealed = OptionDraw.digests(digests, plain);
    boolean mayPullAhead = plain.word(Option.PROTOCOL).equals("A");
    return mayPullAhead ? OptionDraw.congestion(more, sealed) : sealed;
  }

  private static VolumePlan volume(Prng random, Start start, int count) {
    boolean isWide = start == Start.CLEAR_BITMAP;
    long mib = isWide ? random.nextLong(285, 310) : random.nextLong(1, count == 1 ? 9 : 4);
    long bytes = mib * MIB + 4096 * random.nextLong(0, 5) + 512 * random.nextLong(0, 9);
    long other = random.nextInt(4) == 0 ? bytes + 4096 * random.nextLong(0, 400) : bytes;
    // A Primary that never met its peer refuses a smaller one, so the first Primary is the smaller.
    boolean firstIsSmaller = !isWide || random.nextBoolean();
    return new VolumePlan(
        firstIsSmaller ? bytes : other,
        firstIsSmaller ? other : bytes,
        random.nextInt(3) == 0 ? MIB : 0,
        isWide ? random.nextInt(75, 90) : random.nextInt(1, 12),
        random.nextInt(1, 17));
  }

  /// How many writes have to be answered OK in each volume.
  long writesPerVolume() {
    return writes / volumes.size() + 1L;
  }

  /// What both nodes' drbd.conf says.
  NodeAdmin.Config config() {
    return new NodeAdmin.Config(volumes.size(), resource, disk, net, epochs);
  }

  /// The promises that hold with these options.
  public Promise promise() {
    return new Promise(protocol, disk.flag(Option.DISK_FLUSHES), disk.flag(Option.MD_FLUSHES));
  }
}
