package org.twincore.sim.scene;

import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.wire.Features;
import org.twincore.sim.check.Promise;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.testkit.Prng;

/// What a scene is played with: options of both nodes, how many volumes, and the highest protocol
/// version that the second node speaks. Rows of [Scene] change what [#draw] gives.
record Setting(OptionValues disk, OptionValues net, int volumes, int version, EpochEnd epochs) {
  private static final int RESYNC_KIB = 20_000;
  private static final int PING_SECONDS_MAX = 3;

  /// Short times, so that a scene takes no long; the rest as in drbd.conf without a word.
  static Setting draw(Prng random) {
    int seconds = random.nextInt(1, PING_SECONDS_MAX + 1);
    ReplicationProtocol[] protocols = ReplicationProtocol.values();
    return new Setting(
        OptionValues.DEFAULTS
            .with(Option.AL_EXTENTS, 67)
            .with(Option.C_PLAN_AHEAD, 0)
            .with(Option.RESYNC_RATE, RESYNC_KIB),
        OptionValues.DEFAULTS
            .with(Option.PROTOCOL, protocols[random.nextInt(protocols.length)].name())
            .with(Option.PING_INT, seconds)
            .with(Option.CONNECT_INT, seconds)
            .with(Option.TIMEOUT, random.nextInt(5, 10 * seconds))
            .with(Option.USE_RLE, random.nextBoolean()),
        1,
        Features.PROTOCOL_MAX,
        random.nextInt(3) == 0 ? EpochEnd.COMPLETION : EpochEnd.FLUSH);
  }

  Setting disk(Option option, String word) {
    return new Setting(disk.with(option, word), net, volumes, version, epochs);
  }

  Setting resyncKibPerSecond(long rate) {
    return new Setting(disk.with(Option.RESYNC_RATE, rate), net, volumes, version, epochs);
  }

  Setting net(Option option, String word) {
    return new Setting(disk, net.with(option, word), volumes, version, epochs);
  }

  Setting twoPrimaries() {
    return new Setting(
        disk,
        net.with(Option.ALLOW_TWO_PRIMARIES, true).with(Option.PROTOCOL, "C"),
        volumes,
        version,
        epochs);
  }

  Setting volumes(int count) {
    return new Setting(disk, net, count, version, epochs);
  }

  Setting speaking(int peersVersion) {
    return new Setting(disk, net, volumes, peersVersion, epochs);
  }

  Promise promise() {
    return new Promise(ReplicationProtocol.valueOf(net.word(Option.PROTOCOL)), true, true);
  }

  /// What the drbd.conf of a node says.
  NodeAdmin.Config config(int node) {
    return new NodeAdmin.Config(
        volumes, OptionValues.DEFAULTS, disk, NodeAdmin.Config.netOf(node, net), epochs);
  }
}
