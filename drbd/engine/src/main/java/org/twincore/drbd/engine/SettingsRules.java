package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_T;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.SYNC_TARGET;
import static org.twincore.drbd.ConnectionState.VERIFY_S;
import static org.twincore.drbd.ConnectionState.VERIFY_T;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.wire.StateWord;

/// Net options that cannot be, or not now, with drbdsetup's numbers: `connect` and `net-options`
/// are refused before anything of them is done (drbd_nl.c, `_check_net_options`).
final class SettingsRules {
  private static final int NOT_PROTOCOL_C = 139;
  private static final int CSUMS_IN_USE = 148;
  private static final int VERIFY_RUNNING = 149;
  private static final int STONITH_WITH_A = 154;
  private static final int CONGESTION_WITHOUT_A = 155;
  private static final int NEEDS_TWO_PRIMARIES = 164;

  private final Parts parts;

  SettingsRules(Parts parts) {
    this.parts = parts;
  }

  /// Why these options cannot be at all; empty if they can.
  Optional<AdminResult> refuses(OptionValues net) {
    boolean two = net.flag(Option.ALLOW_TWO_PRIMARIES);
    String protocol = net.word(Option.PROTOCOL);
    if (!two && any(it -> it.role() == Role.PRIMARY && it.peer() == Role.PRIMARY)) {
      return refused(
          NEEDS_TWO_PRIMARIES,
          "Can not clear allow_two_primaries as long as\nthere a primaries on both sides");
    }
    if (two && !protocol.equals("C")) {
      return refused(NOT_PROTOCOL_C, "Protocol C required");
    }
    if (protocol.equals("A") && isFencedByStonith()) {
      return refused(STONITH_WITH_A, "fencing resource-and-stonith needs protocol B or C, not A");
    }
    return net.word(Option.ON_CONGESTION).equals("block") || protocol.equals("A")
        ? Optional.empty()
        : refused(CONGESTION_WITHOUT_A, "on-congestion other than block needs protocol A");
  }

  /// Why these cannot take the place of the running ones now: what works with a digest keeps it to
  /// its end.
  Optional<AdminResult> refusesNow(OptionValues net) {
    if (differs(net, Option.CSUMS_ALG)
        && isAny(List.of(SYNC_SOURCE, SYNC_TARGET, PAUSED_SYNC_S, PAUSED_SYNC_T))) {
      return refused(CSUMS_IN_USE, "cannot change csums-alg while resync is in progress");
    }
    return differs(net, Option.VERIFY_ALG) && isAny(List.of(VERIFY_S, VERIFY_T))
        ? refused(VERIFY_RUNNING, "cannot change verify-alg while online verify runs")
        : Optional.empty();
  }

  private boolean differs(OptionValues net, Option option) {
    return !net.word(option).equals(parts.peering.net().word(option));
  }

  private boolean isFencedByStonith() {
    return parts.all().stream()
        .anyMatch(it ->
            it.device.hasUsableDisk()
                && it.device.options().word(Option.FENCING).equals("resource-and-stonith"));
  }

  private boolean isAny(List<ConnectionState> states) {
    return any(it -> states.contains(it.conn()));
  }

  private boolean any(Predicate<StateWord> condition) {
    return parts.all().stream().map(it -> it.device.state()).anyMatch(condition);
  }

  private static Optional<AdminResult> refused(int number, String text) {
    return Optional.of(new AdminResult.Config(number, text));
  }
}
