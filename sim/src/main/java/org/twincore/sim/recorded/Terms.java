package org.twincore.sim.recorded;

import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.wire.Features;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.testkit.Prng;

/// What a seed decides of the second cluster before it runs: the options of both nodes (one volume,
/// protocol C), the protocol versions that they speak, and how their programs behave.
record Terms(
    OptionValues disk,
    OptionValues net,
    EpochEnd epochs,
    int firstVersion,
    int secondVersion,
    long backingBytes,
    DrawnPrograms.Manner manner) {

  private static final long KIB = 1 << 10;
  private static final int OLDEST = 86;
  private static final String[] FENCING = {
    "dont-care", "dont-care", "resource-only", "resource-and-stonith", "resource-and-stonith"
  };
  private static final String[] WITHOUT = {
    "disconnect",
    "discard-younger-primary",
    "discard-older-primary",
    "discard-zero-changes",
    "discard-least-changes",
    "discard-local",
    "discard-remote"
  };
  private static final String[] WITH_ONE = {
    "disconnect", "consensus", "violently-as0p", "discard-secondary", "call-pri-lost-after-sb"
  };
  private static final String[] WITH_TWO = {
    "disconnect", "violently-as0p", "call-pri-lost-after-sb"
  };
  private static final String[] CONFLICT = {"disconnect", "violently", "call-pri-lost"};

  static Terms draw(Prng random) {
    Prng failures = random.aside();
    OptionValues disk = disk(random);
    if (failures.nextInt(3) == 0) {
      disk = disk.with(Option.ON_IO_ERROR, "pass_on");
    }
    OptionValues net = net(random);
    EpochEnd epochs = random.nextInt(3) == 0 ? EpochEnd.COMPLETION : EpochEnd.FLUSH;
    int first = version(random);
    int second = version(random);
    boolean isNewest = first == Features.PROTOCOL_MAX && second == Features.PROTOCOL_MAX;
    if (disk.word(Option.FENCING).equals("resource-and-stonith") && !isNewest) {
      net = withoutPolicies(net);
    }
    return new Terms(
        disk,
        net,
        epochs,
        first,
        second,
        KIB * random.nextLong(900, 3_000) / 4 * 4,
        DrawnPrograms.Manner.draw(random, net.flag(Option.ALLOW_TWO_PRIMARIES)));
  }

  private static int version(Prng random) {
    return random.nextInt(3) == 0
        ? random.nextInt(OLDEST, Features.PROTOCOL_MAX + 1)
        : Features.PROTOCOL_MAX;
  }

  private static OptionValues disk(Prng random) {
    return OptionValues.DEFAULTS
        .with(Option.FENCING, oneOf(random, FENCING))
        .with(Option.DISK_TIMEOUT, random.nextBoolean() ? random.nextInt(8, 50) : 0)
        .with(Option.ON_IO_ERROR, random.nextBoolean() ? "detach" : "call-local-io-error")
        .with(Option.AL_EXTENTS, 67)
        .with(Option.C_MAX_RATE, 1_000_000)
        .with(Option.C_FILL_TARGET, 20_000);
  }

  private static OptionValues net(Prng random) {
    int seconds = random.nextInt(1, 4);
    return OptionValues.DEFAULTS
        .with(Option.PROTOCOL, "C")
        .with(Option.ALLOW_TWO_PRIMARIES, random.nextInt(3) != 0)
        .with(Option.PING_INT, seconds)
        .with(Option.CONNECT_INT, seconds)
        .with(Option.TIMEOUT, random.nextInt(5, 10 * seconds))
        .with(Option.PING_TIMEOUT, random.nextInt(2, 10))
        .with(Option.KO_COUNT, random.nextInt(1, 8))
        .with(Option.AFTER_SB_0PRI, oneOf(random, WITHOUT))
        .with(Option.AFTER_SB_1PRI, oneOf(random, WITH_ONE))
        .with(Option.AFTER_SB_2PRI, oneOf(random, WITH_TWO))
        .with(Option.RR_CONFLICT, oneOf(random, CONFLICT))
        .with(Option.ALWAYS_ASBP, random.nextInt(3) == 0);
  }

  /// Two frozen Primaries of older versions that meet count as a split brain, also if one of them
  /// was fenced meanwhile and the other went on: which of them stands the admin knows, and no
  /// policy does.
  static OptionValues withoutPolicies(OptionValues net) {
    return net.with(Option.AFTER_SB_0PRI, "disconnect")
        .with(Option.AFTER_SB_1PRI, "disconnect")
        .with(Option.AFTER_SB_2PRI, "disconnect");
  }

  private static String oneOf(Prng random, String... words) {
    return words[random.nextInt(words.length)];
  }

  int version(int node) {
    return node == 0 ? firstVersion : secondVersion;
  }

  boolean allowsTwo() {
    return net.flag(Option.ALLOW_TWO_PRIMARIES);
  }

  String fencing() {
    return disk.word(Option.FENCING);
  }

  boolean hasDiskTimeout() {
    return disk.num(Option.DISK_TIMEOUT) != 0;
  }

  /// What the drbd.conf of a node says.
  NodeAdmin.Config config(int node) {
    return new NodeAdmin.Config(
        1, OptionValues.DEFAULTS, disk, NodeAdmin.Config.netOf(node, net), epochs);
  }
}
