package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.BROKEN_PIPE;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;
import static org.twincore.drbd.ConnectionState.STAND_ALONE;
import static org.twincore.drbd.ConnectionState.TEAR_DOWN;
import static org.twincore.drbd.ConnectionState.TIMEOUT;
import static org.twincore.drbd.ConnectionState.UNCONNECTED;
import static org.twincore.drbd.ConnectionState.WF_CONNECTION;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.connection.Connector;
import org.twincore.drbd.engine.connection.Handshake;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.PeerEpochs;
import org.twincore.drbd.engine.state.Growth;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.UuidFlags;
import org.twincore.drbd.wire.WireFormatException;

/// The connection to the peer: found, agreed, watched, lost and found again.
///
/// ```
/// StandAlone -> Unconnected -> WFConnection -> WFReportParams -> Connected and above
///      ^             ^                                                 |
///      |             +--- failures, when all of the peer is done ------+
///      +----------------- Disconnecting
/// ```
///
/// What packets mean is up to [PeerPackets].
final class PeerLink {
  private static final long TENTH_NANOS = 100_000_000L;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final int BODY_BYTES_MAX = (1 << 20) + 4096;
  private static final int HANDSHAKE_PING_TIMEOUTS = 4;

  private final Parts parts;
  private final States states;
  private final Parameters parameters;
  private final ClusterChanges changes;
  private final Liveness liveness;
  private final Connector connector;
  private final Intake intake;
  private final DataOrder order;
  private final OldPeers oldPeers;
  private final List<Runnable> onStandAlone = new ArrayList<>();
  private Runnable onLoss = () -> {};
  private ConnectionState conn = STAND_ALONE;
  private @Nullable Handshake handshake;
  private @Nullable PeerEpochs epochs;
  private boolean protocolSeen;
  private boolean dryRun;
  private boolean peerDryRun;
  private boolean leaves;
  private boolean resolves;
  private long deadlineNanos = Long.MAX_VALUE;

  PeerLink(
      Parts parts,
      States states,
      Parameters parameters,
      ClusterChanges changes,
      Liveness liveness) {
    this.parts = parts;
    this.states = states;
    this.parameters = parameters;
    this.changes = changes;
    this.liveness = liveness;
    this.connector = new Connector(parts.turn, parts.random);
    this.intake = new Intake(parts);
    this.order = new DataOrder(parts);
    this.oldPeers = new OldPeers(parts);
  }

  /// `then` runs whenever a connection was lost, when all of it is cleaned up.
  void onLoss(Runnable then) {
    onLoss = then;
  }

  /// The state of the connection as a whole; at most Connected.
  ConnectionState conn() {
    return conn;
  }

  boolean isEstablished() {
    return conn == ConnectionState.CONNECTED;
  }

  boolean isDryRun() {
    return dryRun || peerDryRun;
  }

  boolean peerIsDryRun() {
    return peerDryRun;
  }

  /// The peer's writes of this connection.
  PeerEpochs epochs() {
    PeerEpochs present = epochs;
    if (present == null) {
      throw new IllegalStateException("no connection");
    }
    return present;
  }

  /// Packets of the data socket that wait for one of the other.
  DataOrder order() {
    return order;
  }

  int epochCount() {
    PeerEpochs present = epochs;
    return present == null ? 0 : present.count();
  }

  // ---- coming

  /// `connect`.
  void connect(OptionValues net, boolean discard, boolean tentative) {
    parts.peering.configure(net);
    parts.peering.discardMyData(discard);
    dryRun = tentative;
    leaves = false;
    deadlineNanos = Long.MAX_VALUE;
    parts.linkRecord.begins();
    move(UNCONNECTED, "connect");
    seek();
  }

  private void seek() {
    move(WF_CONNECTION, "looking for the peer");
    OptionValues net = parts.peering.net();
    long pingTimeout = net.num(Option.PING_TIMEOUT) * TENTH_NANOS;
    long check = net.num(Option.SOCKET_CHECK_TIMEOUT) * TENTH_NANOS;
    connector.start(
        new Connector.Timing(
            net.num(Option.CONNECT_INT) * SECOND_NANOS,
            pingTimeout,
            check == 0 ? pingTimeout : check));
  }

  private void move(ConnectionState to, String reason) {
    conn = to;
    states.connection(to, reason);
  }

  private void established(Connector.Sockets sockets) {
    parts.turn.link(sockets.data(), sockets.meta());
    Handshake started =
        new Handshake(parts.turn, parts.peering.net(), parts.random, parts.protocolMax);
    handshake = started;
    resolves = sockets.resolveConflicts();
    protocolSeen = false;
    long pingTimeout = parts.peering.net().num(Option.PING_TIMEOUT) * TENTH_NANOS;
    deadlineNanos = parts.turn.now() + HANDSHAKE_PING_TIMEOUTS * pingTimeout;
    started.start();
    sockets.early().ifPresent(packet -> shakeHands(started, packet));
  }

  private void shakeHands(Handshake running, Packet packet) {
    switch (running.take(packet)) {
      case Handshake.Continues _ -> {}
      case Handshake.Agreed(var agreement) -> {
        handshake = null;
        deadlineNanos = Long.MAX_VALUE;
        parts.peering.connected(agreement, resolves);
        parts.turn.log(
            Effect.Level.INFO,
            "agreed on protocol %d, features 0x%x"
                .formatted(agreement.version(), agreement.features()));
        oldPeers
            .refusal(agreement, dryRun)
            .ifPresentOrElse(reason -> lose(DISCONNECTING, reason), this::tellAll);
      }
      case Handshake.Refused(String reason) -> lose(DISCONNECTING, reason);
      case Handshake.Broken(String reason) -> lose(NETWORK_FAILURE, reason);
    }
  }

  private void tellAll() {
    parts.turn.add(new Effect.LimitBody(parts.turn.dataSocket(), BODY_BYTES_MAX));
    boolean discards = parts.peering.discardsMyData();
    parts.turn.send(0, parameters.protocol(PacketType.PROTOCOL, discards, dryRun));
    parts.turn.sealWith(parts.peering.integrityDigest().orElse(null));
    parts.log.restart();
    epochs = new PeerEpochs(parts.turn, ordering());
    states.generations.beginPostponed();
    for (Volume volume : parts.all()) {
      volume.device.restartSequence();
      volume.peerSequence.restart();
      volume.device.setPeerTakesLateMarks(parts.peering.has(Since.LATE_MARKS));
      volume.device.setGrowth(Growth.NONE);
      parameters.sendAll(volume, discards ? UuidFlags.DISCARD_MY_DATA : 0);
      states.sendState(volume);
    }
    move(WF_REPORT_PARAMS, "handshake");
    liveness.start(Liveness.Timing.of(parts.peering.net()));
  }

  private PeerEpochs.Ordering ordering() {
    boolean flush = parts.volumes.isEmpty();
    boolean drain = false;
    for (Volume volume : parts.all()) {
      flush |= volume.device.options().flag(Option.DISK_FLUSHES);
      drain |= volume.device.options().flag(Option.DISK_DRAIN);
    }
    return flush
        ? PeerEpochs.Ordering.FLUSH
        : drain ? PeerEpochs.Ordering.DRAIN : PeerEpochs.Ordering.NONE;
  }

  /// `f`, `d` or `n` for the status.
  char orderingLetter() {
    return Character.toLowerCase(ordering().name().charAt(0));
  }

  /// The first P_PROTOCOL of a connection; answers what is wrong with it, or null.
  @Nullable String protocolArrived(Packet.Protocol protocol) {
    protocolSeen = true;
    peerDryRun = (protocol.connFlags() & Packet.Protocol.DRY_RUN) != 0;
    return parameters.take(protocol, parts.peering.discardsMyData());
  }

  boolean protocolSeen() {
    return protocolSeen;
  }

  /// A volume is past the handshake.
  void connected() {
    boolean all =
        parts.all().stream()
            .allMatch(it -> it.device.state().conn().isAtLeast(ConnectionState.CONNECTED));
    if (conn == WF_REPORT_PARAMS && all) {
      conn = ConnectionState.CONNECTED;
      parts.peering.discardMyData(false);
    }
  }

  // ---- events of the link

  /// Events that the link itself deals with; false if a packet is left for the resource.
  boolean take(Event event) {
    switch (event) {
      case Event.Accepted(long socket) -> connector.accepted(socket);
      case Event.Dialed(long attempt, long socket) -> connector.dialed(attempt, socket);
      case Event.DialFailed(long attempt, String cause) -> {
        parts.linkRecord.dialFailed(cause, parts.turn.now());
        connector.dialFailed(attempt);
      }
      case Event.Sent(long _, long token) -> {
        parts.log.handedOver(token);
        parts.room.handedOver(token);
      }
      case Event.SendBlocked(long socket) -> blocked(socket);
      case Event.SocketClosed closed -> closed(closed);
      case Event.PacketArrived arrived -> {
        return taken(arrived);
      }
      default -> throw new IllegalArgumentException(event.toString());
    }
    return true;
  }

  private void blocked(long socket) {
    if (isOurs(socket)) {
      lose(TIMEOUT, "the peer takes nothing that is sent");
    }
  }

  private boolean isOurs(long socket) {
    Turn turn = parts.turn;
    return turn.isLinked() && (socket == turn.dataSocket() || socket == turn.metaSocket());
  }

  private void closed(Event.SocketClosed closed) {
    WireFormatException.Fault fault = closed.fault();
    if (!isOurs(closed.socket())) {
      connector.closed(closed.socket());
    } else if (fault != null) {
      PacketType.Stream socket = stream(closed.socket());
      ConnectionState end = ViolationEnd.ofBytes(socket, fault, handshake);
      lose(end, Effect.Level.WARN, "on " + socket + ", " + closed.cause());
    } else {
      lose(conn == TEAR_DOWN ? TEAR_DOWN : BROKEN_PIPE, closed.cause());
    }
  }

  private PacketType.Stream stream(long socket) {
    return socket == parts.turn.metaSocket() ? PacketType.Stream.META : PacketType.Stream.DATA;
  }

  private boolean taken(Event.PacketArrived arrived) {
    if (connector.packet(arrived.socket(), arrived.packet())) {
      return true;
    }
    if (!isOurs(arrived.socket())) {
      return true;
    }
    liveness.heard();
    PacketType.Stream socket = stream(arrived.socket());
    PacketType type = arrived.packet().type();
    Handshake running = handshake;
    if (running != null && socket == PacketType.Stream.META) {
      violated(type, "on META before the handshake");
    } else if (running != null) {
      shakeHands(running, arrived.packet());
    } else if (ViolationEnd.isStranger(type, socket)) {
      lose(
          ViolationEnd.ofStranger(socket),
          Effect.Level.WARN,
          type.wireName() + " on " + socket + ", where it does not belong");
    } else {
      return false;
    }
    return true;
  }

  // ---- going

  /// The peer says what no honest one does.
  void violated(PacketType type, String what) {
    lose(ViolationEnd.ofPacket(type), Effect.Level.WARN, type.wireName() + ": " + what);
  }

  /// The connection is over. `to` says why: a failure (it is sought again) or Disconnecting (not).
  void lose(ConnectionState to, String reason) {
    boolean isOdd = to == DISCONNECTING || to == PROTOCOL_ERROR;
    lose(to, isOdd ? Effect.Level.WARN : Effect.Level.INFO, reason);
  }

  private void lose(ConnectionState to, Effect.Level level, String reason) {
    if (!parts.turn.isLinked() && !connector.isActive()) {
      return;
    }
    parts.turn.log(level, "connection lost (" + to + "): " + reason);
    connector.stop();
    close(parts.turn.dataSocket());
    close(parts.turn.metaSocket());
    parts.turn.unlink();
    parts.peering.lost();
    liveness.stop();
    handshake = null;
    intake.connectionLost();
    order.connectionLost();
    leaves = to == DISCONNECTING;
    move(to, reason);
    cleanUp();
    deadlineNanos = Long.MAX_VALUE;
    onLoss.run();
  }

  private void close(long socket) {
    if (socket != Turn.NO_SOCKET) {
      parts.turn.add(new Effect.CloseSocket(socket));
    }
  }

  private void cleanUp() {
    PeerEpochs present = epochs;
    epochs = null;
    if (present != null) {
      present.end();
    }
    changes.connectionLost();
    parts.held.connectionLost();
    ConnectionLoss.cleanUp(parts);
  }

  /// Goes to StandAlone from wherever it is; `then` runs when it is there.
  void leave(String reason, Runnable then) {
    onStandAlone.add(then);
    if (conn == STAND_ALONE) {
      arriveStandAlone();
    } else if (parts.turn.isLinked() || connector.isActive()) {
      lose(DISCONNECTING, reason);
    } else {
      leaves = true;
      move(DISCONNECTING, reason);
    }
  }

  /// The peer leaves: it closes the sockets, or in a second we do.
  void peerLeaves() {
    conn = TEAR_DOWN;
    deadlineNanos = parts.turn.now() + SECOND_NANOS;
  }

  private void arriveStandAlone() {
    List<Runnable> then = List.copyOf(onStandAlone);
    onStandAlone.clear();
    then.forEach(Runnable::run);
  }

  // ---- at the end of each step

  void maintain() {
    connector.tick().ifPresent(this::established);
    long now = parts.turn.now();
    if (parts.turn.isLinked()) {
      liveness.tick(oldestNanos()).ifPresent(this::loseInTime);
    }
    if (parts.turn.isLinked() && now >= deadlineNanos) {
      lose(conn == TEAR_DOWN ? TEAR_DOWN : NETWORK_FAILURE, "the peer said nothing in time");
    }
    if (parts.turn.isLinked() && now >= order.deadlineNanos()) {
      lose(NETWORK_FAILURE, "an ack that was sent before a write did not come");
    }
    PeerEpochs present = epochs;
    if (present != null) {
      present.tellLost();
      intake.throttle(present, order.bytes() + parts.held.bytes());
    }
    if (isGoing() && isPeerIdle()) {
      settle(now);
    }
  }

  /// When the oldest request was sent that an application waits for; Long.MAX_VALUE if there is
  /// none.
  private long oldestNanos() {
    long oldest = parts.log.oldestNanos();
    for (Volume volume : parts.all()) {
      oldest = Math.min(oldest, volume.reads.oldestNanos());
    }
    return oldest;
  }

  private void loseInTime(String reason) {
    lose(reason.startsWith("a request") ? TIMEOUT : NETWORK_FAILURE, reason);
  }

  /// After a failure: wait until everything of the peer is done, then look for it again.
  private void settle(long now) {
    if (leaves) {
      deadlineNanos = Long.MAX_VALUE;
      move(STAND_ALONE, "disconnected");
      parts.peering.discardMyData(false);
      arriveStandAlone();
    } else if (conn != UNCONNECTED) {
      boolean atOnce = conn == TEAR_DOWN;
      move(UNCONNECTED, "to be connected again");
      deadlineNanos = atOnce ? now : now + parts.random.nextLong(TENTH_NANOS, 5 * TENTH_NANOS);
    } else if (now >= deadlineNanos) {
      deadlineNanos = Long.MAX_VALUE;
      seek();
    }
  }

  private boolean isGoing() {
    return !parts.turn.isLinked()
        && !connector.isActive()
        && conn != STAND_ALONE
        && conn.isBelow(WF_CONNECTION);
  }

  private boolean isPeerIdle() {
    return parts.all().stream().allMatch(Volume::isPeerIdle);
  }

  /// What is read is not taken either while that says so.
  void pausesFor(BooleanSupplier holding) {
    intake.pausesFor(holding);
  }

  long deadlineNanos() {
    long deadline = Math.min(deadlineNanos, connector.deadlineNanos());
    deadline = Math.min(deadline, order.deadlineNanos());
    return parts.turn.isLinked()
        ? Math.min(deadline, liveness.deadlineNanos(oldestNanos()))
        : deadline;
  }
}
