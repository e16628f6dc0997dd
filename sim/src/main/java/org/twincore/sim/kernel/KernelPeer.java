package org.twincore.sim.kernel;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.sim.world.Simulation;

/// One volume of a scripted node between its two sockets and its disk.
///
/// It takes what a peer may send at each moment and answers in the kernel's order; anything else is
/// [Misbehaved]. Single primary, no verify, no integrity check, sizes that agree.
///
/// ```
/// WFConnection --#established--> WFReportParams --P_STATE--> Connected, WFBitMapS or WFBitMapT
/// any --#lost--> WFConnection        any --#crash, then #attach--> WFConnection
/// ```
///
/// Source: drbd-wire sections 5 to 12.
public final class KernelPeer {
  final Simulation simulation;
  final KernelWire wire;
  final KernelDisk disk;
  final RandomGenerator random;
  private final KernelSettings settings;
  private final KernelReceiver receiver;
  private final KernelWriter writer;
  private final KernelResync resync;
  private final KernelMeeting meeting;
  private final KernelCommands commands;

  private StateWord state = StateWord.INITIAL;
  private Features.Agreement agreed = new Features.Agreement(Features.PROTOCOL_MAX, 0);
  private boolean resolvesConflicts;
  private int sequence;
  private Packet.@Nullable Uuids peerUuids;

  private @Nullable Runnable onPong;
  private final ArrayDeque<Held> held = new ArrayDeque<>();

  private record Held(Packet packet, @Nullable Payload payload) {}

  /// Changes with each connection and its end, so that what was begun in one does not end in the
  /// next.
  private int connection;

  public KernelPeer(
      Simulation simulation,
      KernelWire wire,
      KernelDisk disk,
      RandomGenerator random,
      KernelSettings settings) {
    this.simulation = simulation;
    this.wire = wire;
    this.disk = disk;
    this.random = random;
    this.settings = settings;
    this.receiver = new KernelReceiver(this);
    this.writer = new KernelWriter(this);
    this.resync = new KernelResync(this);
    this.meeting = new KernelMeeting(this);
    this.commands = new KernelCommands(this);
  }

  // ---- what the rest of the node and the driver see

  public StateWord state() {
    return state;
  }

  /// What it writes itself as Primary.
  public KernelWriter writer() {
    return writer;
  }

  /// The blocks that it asks for as target of a resync.
  public KernelResync resync() {
    return resync;
  }

  public KernelCommands commands() {
    return commands;
  }

  /// Is nothing of its own under way, and nothing of the peer's unanswered?
  public boolean isQuiet() {
    return commands.isIdle() && writer.isIdle() && receiver.isIdle();
  }

  Features.Agreement agreed() {
    return agreed;
  }

  KernelSettings settings() {
    return settings;
  }

  boolean resolvesConflicts() {
    return resolvesConflicts;
  }

  int nextSequence() {
    return ++sequence;
  }

  Packet.Uuids peerUuids() {
    Packet.Uuids uuids = peerUuids;
    if (uuids == null) {
      throw new Misbehaved("no P_UUIDS came");
    }
    return uuids;
  }

  boolean hasPeerUuids() {
    return peerUuids != null;
  }

  void peerUuids(Packet.Uuids repaired) {
    peerUuids = repaired;
  }

  void considerResync() {
    meeting.considerResync();
  }

  /// A resync ended: what is known of the peer's set is what the own one is now.
  void bothHaveEqualUuids() {
    Packet.Uuids old = peerUuids();
    peerUuids = new Packet.Uuids(disk.uuids(), old.bitsSet(), old.flags());
  }

  /// Runs `action` in a while, unless the connection ended by then.
  void later(long nanos, Runnable action) {
    int now = connection;
    simulation.after(
        nanos,
        () -> {
          if (connection == now) {
            action.run();
          }
        });
  }

  // ---- life

  /// The disk is attached, after a crash or at the first start.
  public void attach() {
    disk.recover();
    DiskState found = disk.isConsistent() ? DiskState.UP_TO_DATE : DiskState.INCONSISTENT;
    state = StateWord.INITIAL.withDisk(found).withConn(ConnectionState.WF_CONNECTION);
  }

  /// The machine loses its power.
  public void crash() {
    connection++;
    forgetConnection();
    writer.crashed();
    disk.powerCut(random);
    state = StateWord.INITIAL;
  }

  /// Both sockets are there and the features are agreed.
  public void established(Features.Agreement agreement, boolean resolves) {
    connection++;
    agreed = agreement;
    resolvesConflicts = resolves;
    sequence = 0;
    int protocol = settings.protocol().code();
    Optional<String> integrity =
        agreed.has(Since.INTEGRITY_NAME) ? Optional.of("") : Optional.empty();
    wire.data(new Packet.Protocol(PacketType.PROTOCOL, protocol, 0, 0, 0, 0, 0, integrity), null);
    wire.data(settings.syncParam(agreed.version()), null);
    wire.data(settings.sizes(disk.sectors(), agreed), null);
    sendUuids(0);
    sendState();
    state = state.withConn(ConnectionState.WF_REPORT_PARAMS);
  }

  /// The connection is gone.
  public void lost() {
    connection++;
    forgetConnection();
    StateWord before = state;
    state = KernelStates.implied(state.withConn(ConnectionState.WF_CONNECTION));
    rememberDisk();
    writer.lost();
    boolean isAlone =
        before.pdsk().isAtLeast(DiskState.INCONSISTENT)
            && before.pdsk() != DiskState.D_UNKNOWN
            && before.pdsk() != DiskState.OUTDATED;
    if (isAlone && isPrimary() && state.disk() == DiskState.UP_TO_DATE) {
      newCurrentUuid();
    }
  }

  private void forgetConnection() {
    peerUuids = null;
    meeting.forget();
    commands.forget();
    onPong = null;
    held.clear();
    receiver.forget();
    resync.forget();
  }

  /// The peer disconnects: nobody reads any more.
  void tearDown() {
    state = state.withConn(ConnectionState.TEAR_DOWN);
  }

  /// Ends the connection.
  void hangUp(String why) {
    simulation.trace().line("kernel hangs up: " + why);
    lost();
    wire.hangUp();
  }

  // ---- packets

  /// A packet of the meta socket.
  public void arrivedOnMeta(Packet packet) {
    taken(packet, null);
  }

  /// A packet of the data socket, which waits behind a P_SYNC_UUID that is early: what made it
  /// possible may still be on the meta socket.
  public void arrivedOnData(Packet packet, @Nullable Payload payload) {
    held.add(new Held(packet, payload));
    takeHeld();
  }

  private void takeHeld() {
    while (!held.isEmpty()) {
      if (held.getFirst().packet instanceof Packet.SyncUuid && !resync.takesSyncUuid()) {
        return;
      }
      Held next = held.removeFirst();
      taken(next.packet, next.payload);
    }
  }

  private void taken(Packet packet, @Nullable Payload payload) {
    if (state.conn() == ConnectionState.TEAR_DOWN) {
      return; // nobody reads any more
    }
    switch (packet) {
      case Packet.Empty(PacketType type) -> empty(type);
      case Packet.Protocol protocol -> {
        if (protocol.protocol() != settings.protocol().code() || protocol.twoPrimaries() != 0) {
          throw new Misbehaved("other settings than configured: " + protocol);
        }
      }
      case Packet.SyncParam _, Packet.SyncParam89 _, Packet.DelayProbe _ -> {}
      case Packet.Sizes sizes -> sizes(sizes);
      case Packet.Uuids uuids -> uuids(uuids);
      case Packet.State(int word) -> meeting.peerState(word);
      case Packet.SyncUuid(long uuid) -> resync.syncUuid(uuid);
      case Packet.StateChange change -> commands.asked(change);
      case Packet.StateChangeReply reply -> commands.replied(reply);
      case Packet.Bytes bytes -> bitmap(bytes);
      case Packet.Data data when data.type() == PacketType.RS_DATA_REPLY ->
          resync.reply(data, needed(payload, data));
      case Packet.Data data -> receiver.write(data, payload);
      case Packet.Range range -> receiver.range(range, payload);
      case Packet.Barrier barrier -> receiver.barrier(barrier);
      case Packet.BarrierAck ack -> writer.barrierAck(ack);
      case Packet.BlockAck ack when ack.blockId() == Packet.RESYNC_BLOCK_ID -> resync.ack(ack);
      case Packet.BlockAck ack -> writer.ack(ack);
      case Packet.BlockRequest request -> request(request);
      case Packet.BlockDescription description -> resync.described(description);
      case Packet.ConnectionFeatures _ -> throw new Misbehaved("features once more");
    }
  }

  static Payload needed(@Nullable Payload payload, Packet packet) {
    if (payload == null) {
      throw new Misbehaved("no data with " + packet);
    }
    return payload;
  }

  private void request(Packet.BlockRequest request) {
    switch (request.type()) {
      case DATA_REQUEST -> receiver.read(request);
      case RS_DATA_REQUEST -> resync.request(request);
      default -> throw new Misbehaved("not configured: " + request);
    }
  }

  private void empty(PacketType type) {
    switch (type) {
      case PING -> wire.meta(new Packet.Empty(PacketType.PING_ACK));
      case PING_ACK -> {
        Runnable then = onPong;
        onPong = null;
        if (then != null) {
          then.run();
        }
      }
      case UNPLUG_REMOTE -> {}
      default -> throw new Misbehaved(type + " in the middle");
    }
  }

  /// Runs `then` when everything on the meta socket so far was processed by the peer.
  void ping(Runnable then) {
    onPong = then;
    wire.meta(new Packet.Empty(PacketType.PING));
  }

  private void sizes(Packet.Sizes sizes) {
    if (sizes.diskSectors() != disk.sectors()) {
      throw new Misbehaved("expected " + disk.sectors() + " sectors, found " + sizes);
    }
  }

  private void uuids(Packet.Uuids uuids) {
    peerUuids = uuids;
    boolean skips = (uuids.flags() & UuidFlags.SKIP_INITIAL_SYNC) != 0;
    if (skips
        && state.conn() == ConnectionState.CONNECTED
        && disk.uuids().current() == GenerationUuids.JUST_CREATED) {
      disk.clearAll();
      long current = KernelUuids.role(uuids.uuids().current(), isPrimary());
      disk.uuids(disk.uuids().withCurrent(current).withBitmap(0));
      setState(state.withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE));
    }
  }

  private void bitmap(Packet.Bytes bytes) {
    if (bytes.type() != PacketType.BITMAP && bytes.type() != PacketType.COMPRESSED_BITMAP) {
      throw new Misbehaved("not configured: " + bytes);
    }
    try {
      resync.bitmap(bytes);
    } catch (WireFormatException malformed) {
      throw new Misbehaved(bytes + ": " + malformed.getMessage());
    }
  }

  // ---- states

  /// Takes a new state with what it implies, and does what follows from the change.
  void setState(StateWord wanted) {
    StateWord before = state;
    state = KernelStates.implied(wanted);
    if (!before.equals(state)) {
      simulation.trace().line("kernel %s -> %s".formatted(before, state));
    }
    rememberDisk();
    boolean isHandshakeOver =
        before.conn() == ConnectionState.WF_REPORT_PARAMS
            && state.conn().isAtLeast(ConnectionState.CONNECTED);
    boolean isTold = state.conn().isAtLeast(ConnectionState.CONNECTED);
    if (isHandshakeOver || isTold && before.role() != state.role()) {
      sendState();
    }
    if (state.conn() == ConnectionState.CONNECTED
        && state.disk() == DiskState.UP_TO_DATE
        && state.pdsk() == DiskState.UP_TO_DATE) {
      disk.forgetCrash();
    }
    if (before.conn() != ConnectionState.WF_BITMAP_S
        && state.conn() == ConnectionState.WF_BITMAP_S) {
      resync.sendBitmap();
    }
    if (before.conn() != ConnectionState.SYNC_TARGET
        && state.conn() == ConnectionState.SYNC_TARGET) {
      resync.requestSoon();
    }
    if (!held.isEmpty()) {
      later(0, this::takeHeld);
    }
  }

  private void rememberDisk() {
    disk.consistent(state.disk().isAtLeast(DiskState.OUTDATED));
    disk.primary(isPrimary());
  }

  void sendState() {
    wire.data(new Packet.State(state.toInt()), null);
  }

  void sendUuids(long flags) {
    long crashed = disk.isCrashedPrimary() ? UuidFlags.CRASHED_PRIMARY : 0;
    wire.data(new Packet.Uuids(disk.uuids(), disk.bitsSet(), flags | crashed), null);
  }

  boolean isPrimary() {
    return state.role() == Role.PRIMARY;
  }

  private void newCurrentUuid() {
    if (disk.uuids().bitmap() == 0) {
      disk.uuids(KernelUuids.fresh(disk.uuids(), drawnUuid(), isPrimary()));
    }
  }

  long drawnUuid() {
    return random.nextLong();
  }
}
