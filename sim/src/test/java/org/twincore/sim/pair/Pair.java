package org.twincore.sim.pair;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Features;
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

/// Two nodes in a quiet world, driven by hand; volume 0 is meant where none is named.
final class Pair {
  static final int BLOCK = 4096;

  /// How the two nodes are set up.
  static final class Setup {
    long[] backingBytes = {8 << 20, 8 << 20};
    int volumes = 1;
    OptionValues net =
        OptionValues.DEFAULTS.with(Option.PROTOCOL, "C").with(Option.PING_TIMEOUT, 5);
    OptionValues disk =
        OptionValues.DEFAULTS.with(Option.C_MAX_RATE, 4_000_000).with(Option.C_FILL_TARGET, 20_000);
    OptionValues resource = OptionValues.DEFAULTS;
    EpochEnd epochs = EpochEnd.FLUSH;
    int[] protocolMax = {Features.PROTOCOL_MAX, Features.PROTOCOL_MAX};

    Setup protocol(String protocol) {
      net = net.with(Option.PROTOCOL, protocol);
      return this;
    }

    Setup epochs(EpochEnd end) {
      epochs = end;
      return this;
    }

    /// The highest protocol versions that the two nodes speak.
    Setup speaking(int first, int second) {
      protocolMax = new int[] {first, second};
      return this;
    }

    Setup volumes(int count) {
      volumes = count;
      return this;
    }

    Setup backing(long first, long second) {
      backingBytes = new long[] {first, second};
      return this;
    }

    Setup disk(Option option, String word) {
      disk = disk.with(option, word);
      return this;
    }

    Setup disk(Option option, long number) {
      disk = disk.with(option, number);
      return this;
    }

    Setup disk(Option option, boolean flag) {
      disk = disk.with(option, flag);
      return this;
    }

    /// Resync at a fixed rate.
    Setup resyncKibPerSecond(long rate) {
      return disk(Option.C_PLAN_AHEAD, 0).disk(Option.RESYNC_RATE, rate);
    }

    Setup net(Option option, String word) {
      net = net.with(option, word);
      return this;
    }

    Setup net(Option option, long number) {
      net = net.with(option, number);
      return this;
    }

    /// `allow-two-primaries`.
    Setup twoPrimaries() {
      net = net.with(Option.ALLOW_TWO_PRIMARIES, true);
      return this;
    }

    /// Up, in sync, and both nodes are Primary of volume 0.
    Pair bothPrimary() throws MetadataException {
      Pair pair = twoPrimaries().primary();
      pair.ok(1, new AdminCommand.Primary(0, false));
      pair.await(() -> pair.state(0).peer() == Role.PRIMARY, "both to be Primary");
      return pair;
    }

    Pair up() throws MetadataException {
      Pair pair = new Pair(this);
      pair.start(0);
      pair.start(1);
      return pair;
    }

    /// Up, in sync, and the first node is Primary of each volume.
    Pair primary() throws MetadataException {
      Pair pair = up();
      for (int volume = 0; volume < volumes; volume++) {
        pair.awaitState(
            0, volume, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.INCONSISTENT);
        pair.ok(0, new AdminCommand.NewCurrentUuid(volume, true));
      }
      pair.awaitUpToDate();
      for (int volume = 0; volume < volumes; volume++) {
        pair.ok(0, new AdminCommand.Primary(volume, false));
      }
      return pair;
    }
  }

  private static final boolean TRACED = Boolean.getBoolean("trace");

  final Simulation simulation = new Simulation(new Trace(Pair::show, TRACED));
  final SimNode[] nodes = new SimNode[2];
  final SimNetwork network;
  final Withheld withheld = new Withheld();
  private final Setup setup;
  private final Map<Long, Effect.OfApplication> answers = new HashMap<>();
  private final Map<Long, Runnable> onAnswer = new HashMap<>();
  private long lastCookie;

  private Pair(Setup setup) throws MetadataException {
    this.setup = setup;
    network = new SimNetwork(simulation, new Prng(1));
    for (int id = 0; id < 2; id++) {
      nodes[id] = new SimNode(simulation, network, id, new Prng(10 + id));
      nodes[id].tamper(withheld);
      nodes[id].speaksUpTo(setup.protocolMax[id]);
      for (int volume = 0; volume < setup.volumes; volume++) {
        SimDrive drive = new SimDrive(setup.backingBytes[id], 0);
        nodes[id].addDrive(volume, drive);
        new DriveMetadata(drive).create(77 + id);
      }
      nodes[id].applications(this::answered);
    }
  }

  private static void show(String line) {
    if (TRACED) {
      System.out.println(line);
    }
  }

  private void answered(Effect.OfApplication answer) {
    answers.put(answer.cookie(), answer);
    Runnable waiter = onAnswer.remove(answer.cookie());
    if (waiter != null) {
      simulation.after(0, waiter);
    }
  }

  static Pair up(String protocol) throws MetadataException {
    return new Setup().protocol(protocol).up();
  }

  /// As `drbdadm up`.
  void start(int id) throws MetadataException {
    startProcess(id);
    for (int volume = 0; volume < setup.volumes; volume++) {
      attach(id, volume);
    }
    connect(id);
  }

  /// The process with its volumes, diskless and alone.
  void startProcess(int id) {
    nodes[id].start("r0", setup.resource, setup.epochs);
    for (int volume = 0; volume < setup.volumes; volume++) {
      ok(id, new AdminCommand.NewVolume(volume, volume, setup.disk));
    }
  }

  OptionValues net() {
    return setup.net;
  }

  OptionValues diskOptions() {
    return setup.disk;
  }

  void connect(int id) {
    ok(id, new AdminCommand.Connect(setup.net, false, false));
  }

  void attach(int id) throws MetadataException {
    attach(id, 0);
  }

  void attach(int id, int volume) throws MetadataException {
    ok(id, attachCommand(id, volume));
  }

  /// Connects the drive and reads its metadata; what is left is to give the command.
  AdminCommand attachCommand(int id, int volume) throws MetadataException {
    nodes[id].connectDrive(volume);
    return new AdminCommand.Attach(
        volume,
        new DriveMetadata(nodes[id].drive(volume)).readForAttach(),
        Optional.of(nodes[id].drive(volume).undo().found()));
  }

  void kill(int id) {
    nodes[id].end(SimNode.Ending.KILL, SimStore.Keep.EVERYTHING);
  }

  /// The machine loses its power, and with it what was not flushed.
  void powerCut(int id) {
    nodes[id].end(SimNode.Ending.POWER_CUT, SimStore.Keep.NOTHING);
  }

  AdminResult admin(int id, AdminCommand command) {
    List<AdminResult> result = begin(id, command);
    await(() -> !result.isEmpty(), command.toString());
    return result.getFirst();
  }

  /// Gives a command without waiting; its answer comes into the list.
  List<AdminResult> begin(int id, AdminCommand command) {
    List<AdminResult> result = new ArrayList<>();
    nodes[id].admin(command, result::add);
    return result;
  }

  void run(long millis) {
    simulation.runUntil(simulation.nowNanos() + millis * Simulation.MILLISECOND);
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
    return tail(0) + "\n" + tail(1);
  }

  private String tail(int id) {
    return nodes[id]
        .status()
        .map(status ->
            status.volumes().stream()
                .map(it ->
                    "%s %s, %d blocks out of sync"
                        .formatted(nodes[id].name(), it.state(), it.outOfSyncBlocks()))
                .collect(Collectors.joining("\n")))
        .orElse(nodes[id].name() + " does not run");
  }

  void awaitState(int id, ConnectionState conn, DiskState disk, DiskState peer) {
    awaitState(id, 0, conn, disk, peer);
  }

  void awaitState(int id, int volume, ConnectionState conn, DiskState disk, DiskState peer) {
    await(
        () -> {
          StateWord state = volume(id, volume).state();
          return state.conn() == conn && state.disk() == disk && state.pdsk() == peer;
        },
        id + "/" + volume + " to be " + conn + " " + disk + "/" + peer);
  }

  void awaitConn(int id, ConnectionState conn) {
    await(() -> state(id).conn() == conn, id + " to be " + conn);
  }

  void awaitUpToDate() {
    for (int id = 0; id < 2; id++) {
      for (int volume = 0; volume < setup.volumes; volume++) {
        awaitState(
            id, volume, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.UP_TO_DATE);
      }
    }
  }

  /// Until nothing is under way between the two, even if nobody waits for it.
  void awaitQuiet() {
    run(50);
    for (int id = 0; id < 2; id++) {
      SimNode node = nodes[id];
      await(
          () -> {
            ResourceStatus status = node.status().orElseThrow();
            return status.epochs() <= 1
                && status.volumes().stream()
                    .allMatch(
                        it -> it.counters().unacked() == 0 && it.counters().peerPending() == 0);
          },
          node.name() + " to be quiet");
    }
  }

  ResourceStatus.VolumeStatus volume(int id) {
    return volume(id, 0);
  }

  ResourceStatus.VolumeStatus volume(int id, int volume) {
    return nodes[id].status().orElseThrow().volumes().get(volume);
  }

  StateWord state(int id) {
    return volume(id).state();
  }

  // ---- applications

  long startWrite(int id, long block, int value, boolean fua) {
    return startWrite(id, 0, block, value, fua);
  }

  long startWrite(int id, int volume, long block, int value, boolean fua) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) value);
    return start(
        id, cookie -> new Event.AppWrite(volume, cookie, block * 8, Payload.of(bytes), fua));
  }

  long startFlush(int id, int volume) {
    return start(id, cookie -> new Event.AppFlush(volume, cookie));
  }

  /// Any request of an application; the answer is its cookie.
  long start(int id, LongFunction<Event> request) {
    lastCookie++;
    nodes[id].deliver(request.apply(lastCookie));
    return lastCookie;
  }

  /// Runs `then` when the answer is there.
  void whenAnswered(long cookie, Runnable then) {
    if (answers.containsKey(cookie)) {
      simulation.after(0, then);
    } else {
      onAnswer.put(cookie, then);
    }
  }

  void write(int id, int volume, long block, int value) {
    done(startWrite(id, volume, block, value, false));
  }

  void write(int id, long block, int value) {
    done(startWrite(id, block, value, false));
  }

  void awaitAnswer(long cookie) {
    await(() -> answers.containsKey(cookie), "the answer to " + cookie);
  }

  void done(long cookie) {
    awaitAnswer(cookie);
    if (!(answers.get(cookie) instanceof Effect.AppDone)) {
      throw new AssertionError(cookie + " ended as " + answers.get(cookie));
    }
  }

  Effect.@Nullable OfApplication answer(long cookie) {
    return answers.get(cookie);
  }

  void flush(int id) {
    done(startFlush(id, 0));
  }

  int read(int id, long block) {
    return read(id, 0, block);
  }

  int read(int id, int volume, long block) {
    long cookie = start(id, it -> new Event.AppRead(volume, it, new Extent(block * 8, BLOCK)));
    awaitAnswer(cookie);
    if (answers.get(cookie) instanceof Effect.AppReadDone done) {
      return done.payload().array()[done.payload().arrayOffset()];
    }
    throw new AssertionError(block + " read as " + answers.get(cookie));
  }

  int onDisk(int id, long block) {
    return onDisk(id, 0, block);
  }

  int onDisk(int id, int volume, long block) {
    return nodes[id].drive(volume).data().block(block)[0];
  }

  boolean hasEqualDisks() {
    try {
      assertEqualDisks();
      return true;
    } catch (AssertionError _) {
      return false;
    }
  }

  void assertEqualDisks() {
    for (int volume = 0; volume < setup.volumes; volume++) {
      assertEqualDisks(volume);
    }
  }

  private void assertEqualDisks(int volume) {
    SimDrive first = nodes[0].drive(volume);
    SimDrive second = nodes[1].drive(volume);
    for (long block = 0; block < Math.min(first.dataBlocks(), second.dataBlocks()); block++) {
      byte[] one = first.data().block(block);
      byte[] other = second.data().block(block);
      if (!Arrays.equals(one, other)) {
        throw new AssertionError(
            "block %d of volume %d differs: %d and %d%n%s"
                .formatted(block, volume, one[0], other[0], tail()));
      }
    }
  }
}
