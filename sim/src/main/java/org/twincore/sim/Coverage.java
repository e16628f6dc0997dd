package org.twincore.sim;

import java.util.Map;
import java.util.TreeMap;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// What runs together have reached: packet types (sent or taken), connection states, reasons of
/// state changes, commands with their answers, faults. Names with counts, by group.
public final class Coverage implements NodeWatcher {
  private final TreeMap<String, TreeMap<String, Long>> groups = new TreeMap<>();

  @Override
  public void event(SimNode node, Event event) {
    if (event instanceof Event.PacketArrived arrived) {
      count("packet", arrived.packet().type().wireName());
    }
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    switch (effect) {
      case Effect.Send send -> count("packet", send.packet().type().wireName());
      case Effect.StateChanged changed -> {
        count("connection", changed.after().conn().toString());
        count("disk", changed.after().disk().toString());
        count("reason", changed.reason().replaceAll("[0-9]+", "N"));
      }
      case Effect.Decided decided -> decided.rows().forEach(row -> count(decided.table(), row));
      default -> {}
    }
  }

  /// One more of a group.
  public void count(String group, String name) {
    groups.computeIfAbsent(group, _ -> new TreeMap<>()).merge(name, 1L, Long::sum);
  }

  /// A command was answered.
  public void answered(AdminCommand command, AdminResult result) {
    String answer =
        switch (result) {
          case AdminResult.State(var code, String _) -> code.name();
          case AdminResult.Config(int number, String _) -> Integer.toString(number);
        };
    count("command", command.getClass().getSimpleName() + " " + answer);
    if (result.isSuccess()) {
      count("executed", command.getClass().getSimpleName());
    }
  }

  /// Adds what another run reached.
  public void add(Coverage other) {
    other.groups.forEach((group, names) ->
        names.forEach((name, count) ->
            groups.computeIfAbsent(group, _ -> new TreeMap<>()).merge(name, count, Long::sum)));
  }

  /// The names of a group with their counts.
  public Map<String, Long> of(String group) {
    return new TreeMap<>(groups.getOrDefault(group, new TreeMap<>()));
  }

  /// All groups, a line each.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    groups.forEach((group, names) -> text.append(group).append(": ").append(names).append('\n'));
    return text.toString();
  }
}
