package org.twincore.sim.pair;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// Two nodes with one volume each in a quiet world, driven by hand.
final class Pair {
  static final int BLOCK = 4096;

  final Simulation simulation = new Simulation(Trace.silent());
  final SimNode[] nodes = new SimNode[2];
  final SimNetwork network;
  private final OptionValues net;
  private final Map<Long, Effect.OfApplication> answers = new HashMap<>();
  private long lastCookie;

  Pair(long backingBytes, OptionValues net) throws MetadataException {
    this.net = net;
    network = new SimNetwork(simulation, new Prng(1));
    for (int id = 0; id < 2; id++) {
      nodes[id] = new SimNode(simulation, network, id, new Prng(10 + id));
      SimDrive drive = new SimDrive(backingBytes, 0);
      nodes[id].addDrive(0, drive);
      new DriveMetadata(drive).create(77 + id);
      nodes[id].applications(answer -> answers.put(answer.cookie(), answer));
    }
  }

  static Pair up(String protocol) throws MetadataException {
    OptionValues net =
        OptionValues.DEFAULTS.with(Option.PROTOCOL, protocol).with(Option.PING_TIMEOUT, 5);
    Pair pair = new Pair(8 << 20, net);
    pair.start(0);
    pair.start(1);
    return pair;
  }

  /// As `drbdadm up`.
  void start(int id) throws MetadataException {
    SimNode node = nodes[id];
    node.start("r0", OptionValues.DEFAULTS);
    OptionValues disk =
        OptionValues.DEFAULTS.with(Option.C_MAX_RATE, 4_000_000).with(Option.C_FILL_TARGET, 20_000);
    ok(id, new AdminCommand.NewVolume(0, 0, disk));
    attach(id);
    ok(id, new AdminCommand.Connect(net, false, false));
  }

  void attach(int id) throws MetadataException {
    nodes[id].connectDrive(0);
    ok(id, new AdminCommand.Attach(0, new DriveMetadata(nodes[id].drive(0)).readForAttach()));
  }

  void kill(int id) {
    nodes[id].end(SimNode.Ending.KILL, SimStore.Keep.EVERYTHING);
  }

  AdminResult admin(int id, AdminCommand command) {
    List<AdminResult> result = new ArrayList<>();
    nodes[id].admin(command, result::add);
    await(() -> !result.isEmpty(), command.toString());
    return result.getFirst();
  }

  void ok(int id, AdminCommand command) {
    AdminResult result = admin(id, command);
    if (!result.isSuccess()) {
      throw new AssertionError(command + " answered " + result + "\n" + tail());
    }
  }

  void await(BooleanSupplier condition, String what) {
    long until = simulation.nowNanos() + 120 * Simulation.SECOND;
    if (!simulation.runUntil(until, condition)) {
      throw new AssertionError("waited in vain: " + what + "\n" + tail());
    }
  }

  private String tail() {
    return "core-01 " + nodes[0].status() + "\ncore-02 " + nodes[1].status();
  }

  void awaitState(int id, ConnectionState conn, DiskState disk, DiskState peer) {
    await(
        () -> {
          StateWord state = state(id);
          return state.conn() == conn && state.disk() == disk && state.pdsk() == peer;
        },
        id + " to be " + conn + " " + disk + "/" + peer);
  }

  void awaitUpToDate() {
    for (int id = 0; id < 2; id++) {
      awaitState(id, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.UP_TO_DATE);
    }
  }

  ResourceStatus.VolumeStatus volume(int id) {
    return nodes[id].status().orElseThrow().volumes().getFirst();
  }

  StateWord state(int id) {
    return volume(id).state();
  }

  // ---- applications

  long startWrite(int id, long block, int value, boolean fua) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) value);
    lastCookie++;
    nodes[id].deliver(new Event.AppWrite(0, lastCookie, block * 8, Payload.of(bytes), fua));
    return lastCookie;
  }

  void write(int id, long block, int value) {
    done(startWrite(id, block, value, false));
  }

  void done(long cookie) {
    await(() -> answers.containsKey(cookie), "the answer to " + cookie);
    if (!(answers.get(cookie) instanceof Effect.AppDone)) {
      throw new AssertionError(cookie + " ended as " + answers.get(cookie));
    }
  }

  Effect.@Nullable OfApplication answer(long cookie) {
    return answers.get(cookie);
  }

  void flush(int id) {
    lastCookie++;
    nodes[id].deliver(new Event.AppFlush(0, lastCookie));
    done(lastCookie);
  }

  int read(int id, long block) {
    lastCookie++;
    long cookie = lastCookie;
    nodes[id].deliver(new Event.AppRead(0, cookie, new Extent(block * 8, BLOCK)));
    await(() -> answers.containsKey(cookie), "the read of " + block);
    if (answers.get(cookie) instanceof Effect.AppReadDone done) {
      return done.payload().array()[done.payload().arrayOffset()];
    }
    throw new AssertionError(block + " read as " + answers.get(cookie));
  }

  int onDisk(int id, long block) {
    return nodes[id].drive(0).data().block(block)[0];
  }

  void assertEqualDisks() {
    for (long block = 0; block < nodes[0].drive(0).dataBlocks(); block++) {
      byte[] one = nodes[0].drive(0).data().block(block);
      byte[] other = nodes[1].drive(0).data().block(block);
      if (!Arrays.equals(one, other)) {
        throw new AssertionError("block " + block + " differs: " + one[0] + " and " + other[0]);
      }
    }
  }
}
