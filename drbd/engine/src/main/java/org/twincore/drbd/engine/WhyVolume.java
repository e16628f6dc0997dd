package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.ChangeRecord.Part;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.Waiting;
import org.twincore.drbd.engine.exchange.Waiting.Topic;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.wire.StateWord;

/// What one volume waits for: its disks, its resync or verify, held I/O, and what stands against a
/// promotion.
final class WhyVolume {
  private static final int BLOCK_KIB = 4;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final Volume volume;
  private final States states;
  private final List<Waiting> found;
  private final StateWord state;

  /// Appends to `found`.
  WhyVolume(Volume volume, States states, List<Waiting> found) {
    this.volume = volume;
    this.states = states;
    this.found = found;
    this.state = volume.device.state();
  }

  void look() {
    disk();
    peerDisk();
    replication();
    suspended();
    Backing backing = volume.device.backing();
    if (backing != null && backing.activity().hasWaiters()) {
      add(
          Topic.ACTIVITY_LOG,
          "writes wait for room in the activity log",
          "all extents are hot, or a transaction is being written",
          "writes in flight are answered and their epoch is closed",
          0);
    }
    promotion();
  }

  private void disk() {
    switch (state.disk()) {
      case DISKLESS -> own("attach");
      case ATTACHING -> own("the metadata is written, and the peer was asked");
      case FAILED -> own("all that was asked of the disk is answered; then it is Diskless");
      case NEGOTIATING -> own("the peer's generations have come and are compared");
      case INCONSISTENT -> {
        boolean runs = state.conn().compareTo(CONNECTED) > 0;
        own(
            runs
                ? "the resync has fetched all blocks"
                : "a resync from an UpToDate peer; primary --force declares this data good");
      }
      case OUTDATED -> own("a resync from the peer, which has newer data");
      case CONSISTENT ->
          own("the peer says whether it has newer data, or is fenced, or primary --force");
      case D_UNKNOWN, UP_TO_DATE -> {}
    }
  }

  private void own(String until) {
    boolean isNew = volume.changes.last(Part.DISK).isEmpty();
    part(Topic.DISK, Part.DISK, state.disk().toString(), isNew ? "not attached yet" : "", until);
  }

  private void peerDisk() {
    if (state.conn().isBelow(CONNECTED)) {
      return;
    }
    switch (state.pdsk()) {
      case DISKLESS -> peer("attach on the peer");
      case INCONSISTENT ->
          peer(
              state.conn().compareTo(CONNECTED) > 0
                  ? "the resync has sent all blocks"
                  : "a resync to the peer; it begins with the next handshake");
      case ATTACHING, FAILED, NEGOTIATING, OUTDATED, CONSISTENT -> peer("the peer settles it");
      case D_UNKNOWN, UP_TO_DATE -> {}
    }
  }

  private void peer(String until) {
    part(Topic.PEER_DISK, Part.PEER_DISK, state.pdsk().toString(), "", until);
  }

  private void replication() {
    switch (state.conn()) {
      case STARTING_SYNC_S, STARTING_SYNC_T ->
          sync(state.conn().toString(), "all bits are set and written");
      case WF_BITMAP_S -> sync("WFBitMapS", "the peer has sent its bitmap");
      case WF_BITMAP_T ->
          sync(
              "WFBitMapT, I/O is held until it is known what is old here",
              "the peer has sent its bitmap");
      case WF_SYNC_UUID -> sync("WFSyncUUID", "the source has written what it will send");
      case SYNC_SOURCE, SYNC_TARGET ->
          sync(
              progress(),
              volume.device.outOfSyncBlocks() * BLOCK_KIB
                  + (state.conn().isTarget()
                      ? " KiB are fetched"
                      : " KiB are fetched by the peer"));
      case PAUSED_SYNC_S, PAUSED_SYNC_T -> paused();
      case VERIFY_S, VERIFY_T ->
          part(
              Topic.VERIFY,
              Part.CONNECTION,
              progress() + suspects(),
              "",
              "the last block is compared, or disconnect");
      case AHEAD -> sync("Ahead", "what is queued for the peer is sent, then a resync");
      case BEHIND -> sync("Behind", "the peer catches up and starts a resync");
      default -> {}
    }
    if (state.conn() == CONNECTED && volume.device.outOfSyncBlocks() > 0) {
      part(
          Topic.RESYNC,
          Part.CONNECTION,
          volume.device.outOfSyncBlocks() * BLOCK_KIB + " KiB marked out of sync, no resync runs",
          "",
          "repair --source=NODE, or a new handshake after a change of generation");
    }
  }

  private void sync(String what, String until) {
    part(Topic.RESYNC, Part.CONNECTION, what, "", until);
  }

  private String progress() {
    String name = state.conn().toString();
    Optional<Progress> known = volume.progress();
    if (known.isEmpty() || known.get().totalBlocks() == 0) {
      return name;
    }
    Progress progress = known.get();
    long left = Math.min(progress.leftBlocks(), progress.totalBlocks());
    long done = progress.totalBlocks() - left;
    long nanos = volume.sinceStartNanos(progress);
    long speed = nanos == 0 ? 0 : (long) ((double) done * BLOCK_KIB * NANOS_PER_SECOND / nanos);
    return String.format(
        Locale.ROOT,
        "%s, %.1f%% done, %d KiB left, %d KiB/s",
        name,
        100.0 * done / progress.totalBlocks(),
        left * BLOCK_KIB,
        speed);
  }

  private String suspects() {
    int blocks = volume.verify.source.suspectBlocks();
    return blocks == 0 ? "" : ", %d blocks differed and are looked at again".formatted(blocks);
  }

  private void paused() {
    String name = progress();
    if (state.userIsp() && volume.undo.failure().isPresent()) {
      part(
          Topic.RESYNC,
          Part.PAUSE_HERE,
          name,
          "what the resync overwrites cannot be saved for undo-split-brain",
          "resume-sync here when the undo file can be written, or undo-split-brain --stop");
    } else if (state.userIsp()) {
      part(Topic.RESYNC, Part.PAUSE_HERE, name, "paused here", "resume-sync here");
    }
    if (state.peerIsp()) {
      part(
          Topic.RESYNC,
          Part.PAUSE_AT_PEER,
          name,
          "paused by the peer",
          "resume-sync on the peer, or the end of the resync that it waits for");
    }
    if (state.aftrIsp()) {
      part(
          Topic.RESYNC,
          Part.PAUSE_BY_DEPENDENCY,
          name,
          "resync-after",
          "the resync of the volume that resync-after names is over");
    }
  }

  private void suspended() {
    if (state.susp()) {
      frozen(Part.SUSPENDED_BY_USER, "suspend-io", "resume-io");
    }
    if (state.suspNod()) {
      frozen(
          Part.SUSPENDED_WITHOUT_DATA,
          "no UpToDate data within reach (on-no-data-accessible suspend-io)",
          "an UpToDate disk here or at a connected peer, or resume-io");
    }
    if (state.suspFen()) {
      frozen(
          Part.SUSPENDED_BY_FENCING,
          "fencing resource-and-stonith",
          "fence-peer says what became of the peer, the peer is back, or resume-io");
    }
  }

  private void frozen(Part part, String otherwise, String until) {
    part(Topic.IO, part, "I/O is frozen", otherwise, until);
  }

  /// What the rules would say if somebody asked now.
  private void promotion() {
    if (state.role() == Role.PRIMARY) {
      return;
    }
    StateRules.Outcome outcome =
        StateRules.change(
            state, state.withRole(Role.PRIMARY), states.context(volume), StateRules.Force.SOFT);
    if (outcome.isSuccess()) {
      return;
    }
    String until =
        switch (outcome.result()) {
          case TWO_PRIMARIES, OTHER_VOLUME_PRIMARY ->
              "secondary on the peer, or allow-two-primaries on both";
          case NO_UP_TO_DATE_DISK ->
              state.disk() == DiskState.DISKLESS
                  ? "attach, or a connection to a peer with UpToDate data"
                  : "an UpToDate disk here or at a connected peer, or primary --force";
          case PRIMARY_NOP -> "the peer is connected or outdated; primary has fence-peer run";
          case IN_TRANSIENT_STATE -> "the handshake is over";
          default -> "the cause is gone";
        };
    add(
        Topic.PROMOTION,
        "not promotable",
        outcome.result().text() + " (" + RuleWords.refusal(outcome) + ")",
        until,
        0);
  }

  private void part(Topic topic, Part part, String what, String otherwise, String until) {
    Optional<ChangeRecord.Change> change = volume.changes.last(part);
    String because = change.map(ChangeRecord.Change::text).orElse("");
    String both =
        because.isEmpty() || otherwise.isEmpty() ? because + otherwise : otherwise + ": " + because;
    add(topic, what, both, until, change.map(ChangeRecord.Change::nanos).orElse(0L));
  }

  private void add(Topic topic, String what, String because, String until, long sinceNanos) {
    found.add(new Waiting(volume.number(), topic, what, because, until, sinceNanos));
  }
}
