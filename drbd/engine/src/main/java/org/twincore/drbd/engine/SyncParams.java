package org.twincore.drbd.engine;

import java.util.Optional;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.resync.ResyncPacing;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Since;

/// What a peer says of its resyncs and digests, in whichever of the four forms its version has
/// (drbd-wire sections 3.1 and 5.3).
///
/// | agreed | packet | rate | verify-alg | csums-alg | controller |
/// |---|---|---|---|---|---|
/// | 86, 87 | P_SYNC_PARAM | yes | | | |
/// | 88 | P_SYNC_PARAM | yes | yes | | |
/// | 89 to 94 | P_SYNC_PARAM89 | yes | yes | yes | |
/// | 95 and up | P_SYNC_PARAM89 | yes | yes | yes | yes |
///
/// `verifyAlg` and `csumsAlg` are empty where the form has no place for them.
record SyncParams(
    int resyncRateKib,
    Optional<String> verifyAlg,
    Optional<String> csumsAlg,
    Optional<Controller> controller) {

  /// c-plan-ahead and its companions, as unsigned numbers.
  record Controller(int planAhead, int delayTarget, int fillTargetSectors, int maxRateKib) {}

  static SyncParams of(Packet.SyncParam packet) {
    return new SyncParams(
        packet.resyncRateKib(), packet.verifyAlg(), Optional.empty(), Optional.empty());
  }

  static SyncParams of(Packet.SyncParam89 packet) {
    Optional<Controller> controller =
        packet.hasController()
            ? Optional.of(
                new Controller(
                    packet.planAhead(),
                    packet.delayTarget(),
                    packet.fillTargetSectors(),
                    packet.maxRateKib()))
            : Optional.empty();
    return new SyncParams(
        packet.resyncRateKib(),
        Optional.of(packet.verifyAlg()),
        Optional.of(packet.csumsAlg()),
        controller);
  }

  /// What this node says, with the options of its disk.
  static Packet of(Peering peering, OptionValues disk) {
    int rate = (int) disk.num(Option.RESYNC_RATE);
    String verify = peering.net().word(Option.VERIFY_ALG);
    if (!peering.has(Since.CHECKSUMS)) {
      return new Packet.SyncParam(
          rate, peering.has(Since.VERIFY) ? Optional.of(verify) : Optional.empty());
    }
    String csums = peering.net().word(Option.CSUMS_ALG);
    if (!peering.has(Since.RESYNC_CONTROLLER)) {
      return new Packet.SyncParam89(rate, verify, csums, false, 0, 0, 0, 0);
    }
    return new Packet.SyncParam89(
        rate,
        verify,
        csums,
        true,
        (int) disk.num(Option.C_PLAN_AHEAD),
        (int) disk.num(Option.C_DELAY_TARGET),
        (int) disk.num(Option.C_FILL_TARGET),
        (int) disk.num(Option.C_MAX_RATE));
  }

  /// The pace from now on: the peer's words where it has them, else the own ones.
  ResyncPacing.Tuning tuning(ResyncPacing.Tuning own) {
    int rate = clamp(Option.RESYNC_RATE, resyncRateKib);
    Controller its =
        controller.orElse(
            new Controller(
                own.planAheadTurns(), own.delayTarget(), own.fillTargetSectors(), own.maxRate()));
    return new ResyncPacing.Tuning(
        rate,
        clamp(Option.C_PLAN_AHEAD, its.planAhead),
        clamp(Option.C_DELAY_TARGET, its.delayTarget),
        clamp(Option.C_FILL_TARGET, its.fillTargetSectors),
        clamp(Option.C_MAX_RATE, its.maxRateKib),
        own.minRate(),
        own.maxBuffers());
  }

  private static int clamp(Option option, int value) {
    if (option.type() instanceof Option.Type.Number(var _, long _, long min, long max, var _)) {
      return (int) Math.max(min, Math.min(max, Integer.toUnsignedLong(value)));
    }
    throw new IllegalArgumentException(option.word());
  }
}
