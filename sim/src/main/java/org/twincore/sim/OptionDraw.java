package org.twincore.sim;

import java.util.List;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Since;
import org.twincore.testkit.Prng;

/// Random option values out of the option table's own ranges, the interesting ends more often.
///
/// Rates keep a lower border, so that a resync ends in the time a run has.
final class OptionDraw {
  private static final int RATE_KIB_MIN = 1_000;
  private static final int VOLUMES_SINCE = Since.VOLUMES.version();
  private static final int REPAIR_SINCE = 91;

  private OptionDraw() {}

  static OptionValues resource(Prng random) {
    return random.nextInt(4) == 0
        ? OptionValues.DEFAULTS.with(Option.ON_NO_DATA_ACCESSIBLE, "suspend-io")
        : OptionValues.DEFAULTS;
  }

  static OptionValues disk(Prng random) {
    OptionValues values = OptionValues.DEFAULTS;
    if (random.nextInt(5) == 0) {
      values = values.with(Option.ON_IO_ERROR, "call-local-io-error");
    }
    values = values.with(Option.AL_EXTENTS, within(random, Option.AL_EXTENTS, 67, 130));
    values = values.with(Option.AL_UPDATES, random.nextInt(12) != 0);
    values = values.with(Option.DISK_FLUSHES, random.nextInt(12) != 0);
    values = values.with(Option.MD_FLUSHES, random.nextInt(16) != 0);
    values =
        values.with(Option.RESYNC_RATE, within(random, Option.RESYNC_RATE, RATE_KIB_MIN, 1 << 17));
    values = values.with(Option.C_PLAN_AHEAD, oneOf(random, 0, 1, 7, 20, 300));
    values = values.with(Option.C_DELAY_TARGET, within(random, Option.C_DELAY_TARGET, 1, 100));
    values = values.with(Option.C_FILL_TARGET, oneOf(random, 0, 0, 100, 2_000));
    values =
        values.with(Option.C_MAX_RATE, within(random, Option.C_MAX_RATE, RATE_KIB_MIN, 1 << 20));
    return values.with(Option.C_MIN_RATE, oneOf(random, 0, 250, 250, 4_000));
  }

  static OptionValues net(Prng random) {
    int pingSeconds = random.nextInt(1, 11);
    int connectSeconds = random.nextInt(1, 11);
    int tenthsMax = 10 * Math.min(pingSeconds, connectSeconds);
    OptionValues values = OptionValues.DEFAULTS;
    values = values.with(Option.PING_INT, pingSeconds);
    values = values.with(Option.CONNECT_INT, connectSeconds);
    values = values.with(Option.TIMEOUT, random.nextInt(Math.min(5, tenthsMax - 1), tenthsMax));
    values = values.with(Option.PING_TIMEOUT, random.nextInt(2, 31));
    values = values.with(Option.KO_COUNT, oneOf(random, 0, 1, 2, 7, 7));
    values = values.with(Option.MAX_EPOCH_SIZE, within(random, Option.MAX_EPOCH_SIZE, 1, 64));
    values = values.with(Option.MAX_BUFFERS, within(random, Option.MAX_BUFFERS, 32, 4_096));
    values = values.with(Option.USE_RLE, random.nextBoolean());
    values = values.with(Option.SOCKET_CHECK_TIMEOUT, oneOf(random, 0, 0, 1, 10));
    if (random.nextInt(3) == 0) {
      String[] algorithms = {"sha1", "sha256", "sha512", "md5"};
      values = values.with(Option.CRAM_HMAC_ALG, algorithms[random.nextInt(algorithms.length)]);
      values = values.with(Option.SHARED_SECRET, "between us");
    }
    return values;
  }

  /// Digests for verify, resync and data, each in some of the runs.
  static OptionValues digests(Prng random, OptionValues net) {
    String[] algorithms = {"crc32c", "md5", "sha1", "sha256"};
    OptionValues values = net;
    if (random.nextInt(3) == 0) {
      values = values.with(Option.VERIFY_ALG, algorithms[random.nextInt(algorithms.length)]);
    }
    if (random.nextInt(3) == 0) {
      values = values.with(Option.CSUMS_ALG, algorithms[random.nextInt(algorithms.length)]);
      values = values.with(Option.CSUMS_AFTER_CRASH_ONLY, random.nextInt(4) == 0);
    }
    if (random.nextInt(6) == 0) {
      values =
          values.with(Option.DATA_INTEGRITY_ALG, algorithms[random.nextInt(algorithms.length)]);
    }
    return values;
  }

  /// A disk that fails is kept, in some of the runs.
  static OptionValues passOn(Prng random, OptionValues disk) {
    return random.nextInt(4) == 0 ? disk.with(Option.ON_IO_ERROR, "pass_on") : disk;
  }

  /// Who serves reads, in some of the runs not the own disk alone.
  static OptionValues balance(Prng random, OptionValues disk) {
    if (random.nextInt(3) != 0
        || !(Option.READ_BALANCING.type() instanceof Option.Type.Word modes)) {
      return disk;
    }
    List<String> words = modes.words();
    return disk.with(Option.READ_BALANCING, words.get(random.nextInt(words.size())));
  }

  /// Zeroes that a resync does not send, in some of the runs.
  static OptionValues thin(Prng random, OptionValues disk) {
    return random.nextInt(5) == 0
        ? disk.with(Option.RS_DISCARD_GRANULARITY, 4_096L << random.nextInt(0, 7))
        : disk;
  }

  /// What is done about a congested network, for runs in protocol A.
  static OptionValues congestion(Prng random, OptionValues net) {
    if (random.nextInt(4) == 0) {
      return net;
    }
    String policy = random.nextInt(6) == 0 ? "disconnect" : "pull-ahead";
    return net.with(Option.ON_CONGESTION, policy)
        .with(Option.CONGESTION_FILL, oneOf(random, 0, 16, 60, 120, random.nextLong(1, 1_000)))
        .with(Option.CONGESTION_EXTENTS, within(random, Option.CONGESTION_EXTENTS, 67, 130));
  }

  /// In some of the runs one node is of another age, or both are. Several volumes need protocol
  /// 100. Before 91 two nodes refuse each other after an event that got lost (`UuidCompare`), and
  /// an admin would have to choose; that is not drawn.
  static Scenario.Versions versions(Prng random, int volumes) {
    int oldest = volumes > 1 ? VOLUMES_SINCE : REPAIR_SINCE;
    int drawn = random.nextInt(86, Features.PROTOCOL_MAX + 1);
    int kind = random.nextInt(24);
    int version = Math.max(oldest, drawn);
    return switch (kind) {
      case 0 -> new Scenario.Versions(version, Features.PROTOCOL_MAX);
      case 1 -> new Scenario.Versions(Features.PROTOCOL_MAX, version);
      case 2 -> new Scenario.Versions(version, version);
      default -> Scenario.Versions.NEWEST;
    };
  }

  /// Without what both nodes would refuse at that version.
  static OptionValues known(Scenario.Versions versions, OptionValues net) {
    return Since.INTEGRITY_NAME.holdsAt(versions.agreed())
        ? net
        : net.with(Option.DATA_INTEGRITY_ALG, "");
  }

  /// Where a sender puts its barriers: no option of drbd.conf, but a setting of the node.
  static EpochEnd epochs(Prng random) {
    return random.nextInt(3) == 0 ? EpochEnd.COMPLETION : EpochEnd.FLUSH;
  }

  /// A number of the option's range, mostly from the given part of it.
  private static long within(Prng random, Option option, long low, long high) {
    if (!(option.type() instanceof Option.Type.Number range)) {
      throw new IllegalArgumentException(option.word() + " is no number");
    }
    if (random.nextInt(8) == 0) {
      return Math.max(low, range.defaultValue());
    }
    long least = Math.max(low, range.min());
    long most = Math.min(high, range.max());
    return random.nextBoolean() ? least : random.nextLong(least, most + 1);
  }

  private static long oneOf(Prng random, long... values) {
    return values[random.nextInt(values.length)];
  }
}
