package org.twincore.drbd.engine;

import java.util.Collection;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.TransferLog;
import org.twincore.drbd.engine.state.Peering;

/// What the parts of one resource share. Only holds; decides nothing.
final class Parts {
  final String name;
  final RandomGenerator random;
  final Turn turn = new Turn();
  final Peering peering = new Peering();
  final ReadRoom room = new ReadRoom();
  final LinkRecord linkRecord = new LinkRecord();
  final TransferLog log;
  final HandlerCalls handlers = new HandlerCalls(turn);
  final HeldPackets held = new HeldPackets(turn);
  final TreeMap<Integer, Volume> volumes = new TreeMap<>();

  /// The highest protocol version that this node offers.
  final int protocolMax;

  OptionValues options;

  Parts(
      String name, OptionValues options, RandomGenerator random, EpochEnd epochs, int protocolMax) {
    this.name = name;
    this.protocolMax = protocolMax;
    this.options = options;
    this.random = random;
    this.log = new TransferLog(turn, peering, epochs);
  }

  Collection<Volume> all() {
    return volumes.values();
  }
}
