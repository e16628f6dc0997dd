package org.twincore.sim;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.state.AfterSplitBrain;
import org.twincore.drbd.engine.state.ImpliedChange;
import org.twincore.drbd.engine.state.NewUuidRule;
import org.twincore.drbd.engine.state.PeerState;
import org.twincore.drbd.engine.state.PolicyCell;
import org.twincore.drbd.engine.state.Refusal;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.engine.state.UuidCompare;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.fault.Fault;
import org.twincore.sim.fault.NetworkFaults;
import org.twincore.sim.fault.NodeFaults;

/// All that seeds together have to reach, by group, taken from the tables themselves; and, from
/// `unreached.txt`, what no run can reach, each with its reason.
final class CoverageList {
  private CoverageList() {}

  /// The names of each group.
  static Map<String, TreeSet<String>> demanded() {
    Map<String, TreeSet<String>> groups = new LinkedHashMap<>();
    groups.put(
        "packet",
        new TreeSet<>(Arrays.stream(PacketType.values()).map(PacketType::wireName).toList()));
    groups.put("UuidCompare", names(UuidCompare.Rule.values()));
    groups.put("SyncHandshake", names(SyncHandshake.Step.values()));
    groups.put("AfterSplitBrain", names(AfterSplitBrain.Rule.values()));
    groups.put(
        "PolicyCell", new TreeSet<>(PolicyCell.all().stream().map(PolicyCell::toString).toList()));
    groups.put("PeerState", names(PeerState.Rule.values()));
    groups.put("ImpliedChange", names(ImpliedChange.values()));
    groups.put("Refusal", names(Refusal.values()));
    groups.put("NewUuidRule", names(NewUuidRule.Rule.values()));
    groups.put(
        "fault",
        new TreeSet<>(
            Stream.of(NetworkFaults.ALL, DriveFaults.ALL, NodeFaults.ALL)
                .flatMap(List::stream)
                .map(Fault::name)
                .toList()));
    groups.put(
        "executed",
        new TreeSet<>(
            Arrays.stream(AdminCommand.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .toList()));
    return groups;
  }

  private static TreeSet<String> names(Enum<?>[] rows) {
    return new TreeSet<>(Arrays.stream(rows).map(Enum::name).toList());
  }

  /// `group name` to the reason of its line in `unreached.txt`.
  static TreeMap<String, String> impossible() throws IOException {
    TreeMap<String, String> reasons = new TreeMap<>();
    try (InputStream in = CoverageList.class.getResourceAsStream("unreached.txt")) {
      if (in == null) {
        throw new IOException("unreached.txt is missing");
      }
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          int colon = line.indexOf(": ");
          reasons.put(line.substring(0, colon), line.substring(colon + 2));
        }
      }
    }
    return reasons;
  }
}
