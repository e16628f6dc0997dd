package org.twincore.drbd.engine;

import java.util.Optional;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Since;

/// What is refused because the agreed protocol version lacks it: in words, and before anything of
/// it is done.
final class OldPeers {
  private static final int NEEDS_100 = 163;

  private final Parts parts;

  OldPeers(Parts parts) {
    this.parts = parts;
  }

  /// Why this resource cannot be served over a connection with that agreement; empty if it can.
  Optional<String> refusal(Features.Agreement agreed, boolean dryRun) {
    boolean onlyVolume0 = parts.volumes.isEmpty() || parts.volumes.lastKey() == 0;
    if (!onlyVolume0 && !agreed.has(Since.VOLUMES)) {
      return Optional.of(
          "%s, and this resource has the volumes %s"
              .formatted(lacks(agreed, Since.VOLUMES), parts.volumes.keySet()));
    }
    if (parts.peering.integrityDigest().isPresent() && !agreed.has(Since.INTEGRITY_NAME)) {
      return Optional.of(lacks(agreed, Since.INTEGRITY_NAME) + ", which is set here");
    }
    if (dryRun && !agreed.has(Since.DRY_RUN)) {
      return Optional.of(lacks(agreed, Since.DRY_RUN));
    }
    return Optional.empty();
  }

  private static String lacks(Features.Agreement agreed, Since since) {
    return "the agreed protocol %d does not know %s (%d does)"
        .formatted(agreed.version(), since.what(), since.version());
  }

  /// A volume more, beside a peer that is met already.
  Optional<AdminResult> refusesVolume(int number) {
    boolean fits = number == 0 && parts.volumes.isEmpty();
    return fits || !isMet() || parts.peering.has(Since.VOLUMES)
        ? Optional.empty()
        : refused(NEEDS_100, Since.VOLUMES);
  }

  /// New net options, beside a peer that cannot be told.
  Optional<AdminResult> refusesSettings(OptionValues net) {
    if (!isMet() || parts.peering.has(Since.CHANGED_SETTINGS)) {
      return Optional.empty();
    }
    OptionValues now = parts.peering.net();
    boolean same =
        net.word(Option.PROTOCOL).equals(now.word(Option.PROTOCOL))
            && net.word(Option.DATA_INTEGRITY_ALG).equals(now.word(Option.DATA_INTEGRITY_ALG))
            && net.flag(Option.ALLOW_TWO_PRIMARIES) == now.flag(Option.ALLOW_TWO_PRIMARIES);
    return same ? Optional.empty() : refused(NEEDS_100, Since.CHANGED_SETTINGS);
  }

  private boolean isMet() {
    return parts.turn.isLinked();
  }

  private Optional<AdminResult> refused(int code, Since since) {
    return Optional.of(
        new AdminResult.Config(
            code, lacks(parts.peering.agreement(), since) + ", disconnect first"));
  }
}
