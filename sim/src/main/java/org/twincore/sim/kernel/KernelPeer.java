package org.twincore.sim.kernel;

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
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;
import org.twincore.sim.world.Simulation;

/// One volume of a scripted node between its two sockets and its disk.
///
/// It takes what a peer may send at each moment and answers in the kernel's order; anything else is
/// [Misbehaved]. The sizes agree.
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
  private final KernelReader reader;
  private final KernelAttachment attachment;
  private final KernelReport report;
  private final KernelResync resync;
  private final KernelMeeting meeting;
  private final KernelCommands commands;
  private final KernelPackets packets;
  private final KernelConflicts conflicts;
  private final KernelVerify verify;

  private StateWord state = StateWord.INITIAL;
  private Features.Agreement agreed = new Features.Agreement(Features.PROTOCOL_MAX, 0);
  private boolean resolvesConflicts;
  private int sequence;
  private Packet.@Nullable Uuids peerUuids;

  private @Nullable Runnable onPong;
  private boolean wantsToDiscard;
  private boolean discardsMyData;

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
    this.reader = new KernelReader(this);
    this.attachment = new KernelAttachment(this);
    this.report = new KernelReport(this);
    this.resync = new KernelResync(this);
    this.meeting = new KernelMeeting(this);
    this.commands = new KernelCommands(this);
    this.packets = new KernelPackets(this);
    this.conflicts = new KernelConflicts(this);
    this.verify = new KernelVerify(this);
  }

  // ---- what the rest of the node and the driver see

  public StateWord state() {
    return state;
  }

  /// What it writes itself as Primary.
  public KernelWriter writer() {
    return writer;
  }

  /// What it reads itself as Primary.
  public KernelReader reader() {
    return reader;
  }

  /// The blocks that it asks for as target of a resync.
  public KernelResync resync() {
    return resync;
  }

  public KernelCommands commands() {
    return commands;
  }

  /// What comes from the peer.
  public KernelPackets packets() {
    return packets;
  }

  KernelReceiver receiver() {
    return receiver;
  }

  KernelAttachment attachment() {
    return attachment;
  }

  /// What it tells of itself.
  KernelReport report() {
    return report;
  }

  KernelMeeting meeting() {
    return meeting;
  }

  KernelConflicts conflicts() {
    return conflicts;
  }

  KernelVerify verify() {
    return verify;
  }

  /// Sends data, with its digest if that is configured.
  void send(Packet.Data packet, Payload data) {
    KernelDigests.Sealed sealed = settings.digests().seal(packet, data);
    wire.data(sealed.packet(), sealed.payload());
  }

  /// Is nothing of its own under way, and nothing of the peer's unanswered?
  public boolean isQuiet() {
    return commands.isIdle() && writer.isIdle() && reader.isIdle() && receiver.isIdle();
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

  /// What the peer says next counts.
  void forgetPeerUuids() {
    peerUuids = null;
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

  /// The node comes up with its disk, after a crash or at the first start.
  public void attach() {
    state = StateWord.INITIAL;
    attachment.attach();
    state = state.withConn(ConnectionState.WF_CONNECTION);
  }

  /// The machine loses its power.
  public void crash() {
    connection++;
    forgetConnection();
    writer.crashed();
    reader.crashed();
    disk.powerCut(random);
    state = StateWord.INITIAL;
  }

  /// Both sockets are there and the features are agreed.
  public void established(Features.Agreement agreement, boolean resolves) {
    connection++;
    agreed = agreement;
    resolvesConflicts = resolves;
    sequence = 0;
    discardsMyData = wantsToDiscard;
    int flags = discardsMyData ? Packet.Protocol.DISCARD_MY_DATA : 0;
    report.settings(PacketType.PROTOCOL, 0, flags);
    report.sizes();
    report.uuids(discardsMyData ? UuidFlags.DISCARD_MY_DATA : 0);
    report.state();
    state = state.withConn(ConnectionState.WF_REPORT_PARAMS);
  }

  /// `--discard-my-data`, until a connection has come about with it.
  void discardMyData() {
    wantsToDiscard = true;
  }

  boolean discardsMyData() {
    return discardsMyData;
  }

  /// The connection is gone.
  public void lost() {
    connection++;
    forgetConnection();
    StateWord before = state;
    state = attachment.withoutPeer(state).withConn(ConnectionState.WF_CONNECTION);
    state = KernelStates.implied(state);
    rememberDisk();
    writer.lost();
    reader.lost();
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
    packets.forget();
    conflicts.forget();
    verify.forget();
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

  /// The settings of a peer that asks for other ones than these are refused.
  void compareSettings(Packet.Protocol theirs) {
    int twoPrimaries = settings.twoPrimaries() ? 1 : 0;
    if (theirs.protocol() != settings.protocol().code() || theirs.twoPrimaries() != twoPrimaries) {
      throw new Misbehaved("other settings than configured: " + theirs);
    }
  }

  void sizes(Packet.Sizes sizes) {
    boolean isDiskless = sizes.diskSectors() == 0;
    if (!isDiskless && sizes.diskSectors() != disk.sectors()) {
      throw new Misbehaved("expected " + disk.sectors() + " sectors, found " + sizes);
    }
  }

  void uuids(Packet.Uuids uuids) {
    peerUuids = uuids;
    if (!attachment.goesOnWith(uuids.uuids().current())) {
      hangUp("can only connect to data with the current UUID");
      return;
    }
    boolean skips = (uuids.flags() & UuidFlags.SKIP_INITIAL_SYNC) != 0;
    if (skips
        && state.conn() == ConnectionState.CONNECTED
        && attachment.isThere()
        && disk.uuids().current() == GenerationUuids.JUST_CREATED) {
      disk.clearAll();
      long current = KernelUuids.role(uuids.uuids().current(), isPrimary());
      disk.uuids(disk.uuids().withCurrent(current).withBitmap(0));
      setState(state.withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE));
    }
  }

  /// Runs `then` when everything on the meta socket so far was processed by the peer.
  void ping(Runnable then) {
    onPong = then;
    wire.meta(new Packet.Empty(PacketType.PING));
  }

  void ponged() {
    Runnable then = onPong;
    onPong = null;
    if (then != null) {
      then.run();
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
    attachment.follow(before, state);
    rememberDisk();
    report.follow(before, state);
    if (state.conn() == ConnectionState.CONNECTED
        && state.disk() == DiskState.UP_TO_DATE
        && state.pdsk() == DiskState.UP_TO_DATE) {
      disk.forgetCrash();
    }
    if (discardsMyData && state.conn().isAtLeast(ConnectionState.CONNECTED)) {
      wantsToDiscard = false;
      discardsMyData = false;
    }
    if (before.conn() != ConnectionState.WF_BITMAP_S
        && state.conn() == ConnectionState.WF_BITMAP_S) {
      resync.sendBitmap();
    }
    if (before.conn() != ConnectionState.SYNC_TARGET
        && state.conn() == ConnectionState.SYNC_TARGET) {
      resync.requestSoon();
    }
    packets.takeHeldSoon();
  }

  private void rememberDisk() {
    if (attachment.isThere()) {
      disk.consistent(state.disk().isAtLeast(DiskState.OUTDATED));
      boolean isOnlyDisk =
          state.pdsk().isBelow(DiskState.INCONSISTENT) && state.peer() == Role.PRIMARY;
      disk.primary(isPrimary() || isOnlyDisk);
    }
  }

  boolean isPrimary() {
    return state.role() == Role.PRIMARY;
  }

  boolean isVerifying() {
    return state.conn() == ConnectionState.VERIFY_S || state.conn() == ConnectionState.VERIFY_T;
  }

  /// Begins a generation, unless the bitmap counts for one already.
  boolean newCurrentUuid() {
    boolean isNew = disk.uuids().bitmap() == 0;
    if (isNew) {
      disk.uuids(KernelUuids.fresh(disk.uuids(), drawnUuid(), isPrimary()));
    }
    return isNew;
  }

  long drawnUuid() {
    return random.nextLong();
  }
}
