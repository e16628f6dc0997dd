package org.twincore.sim.planted;

import java.util.List;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Edges that make of an after-split-brain policy what the admin did not mean.
final class PolicyTampers {
  private PolicyTampers() {}

  /// Both nodes keep the side that was to be given up.
  static Tamper turnsRound() {
    return connects(net ->
        net.with(
            Option.AFTER_SB_0PRI,
            switch (net.word(Option.AFTER_SB_0PRI)) {
              case "discard-younger-primary" -> "discard-older-primary";
              case "discard-older-primary" -> "discard-younger-primary";
              case "discard-local" -> "discard-remote";
              case "discard-remote" -> "discard-local";
              default -> net.word(Option.AFTER_SB_0PRI);
            }));
  }

  /// A side is given up where the admin did not say so.
  static Tamper ignores() {
    return connects(net ->
        net.word(Option.AFTER_SB_0PRI).equals("discard-zero-changes")
            ? net.with(Option.AFTER_SB_0PRI, "discard-least-changes")
            : net);
  }

  private static Tamper connects(UnaryOperator<OptionValues> change) {
    return new Tamper() {
      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event
            instanceof
            Event.Admin(
                long ticket,
                AdminCommand.Connect(OptionValues net, boolean discards, boolean tentative))) {
          return List.of(
              new Event.Admin(
                  ticket, new AdminCommand.Connect(change.apply(net), discards, tentative)));
        }
        return List.of(event);
      }
    };
  }

  /// After a split brain the source loses a block that it has just sent.
  static Tamper overwritesSource() {
    return new Tamper() {
      private final TreeSet<Integer> split = new TreeSet<>();

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.Decided decided && decided.table().equals("AfterSplitBrain")) {
          split.add(decided.volume());
        }
        if (effect instanceof Effect.StateChanged changed
            && changed.after().conn() == ConnectionState.CONNECTED) {
          split.remove(changed.volume());
        }
        if (effect instanceof Effect.Send send
            && send.packet() instanceof Packet.Data data
            && data.type() == PacketType.RS_DATA_REPLY
            && split.contains(send.volume())) {
          byte[] nothing = new byte[512];
          node.drive(send.volume()).data().write(data.sector() * 512, nothing, 0, 512, true);
        }
        return List.of(effect);
      }
    };
  }
}
