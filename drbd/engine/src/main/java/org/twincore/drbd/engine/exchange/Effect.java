package org.twincore.drbd.engine.exchange;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;

/// One thing that the engine wants done.
///
/// Effects to one target (a volume's disk, a socket) are started in order. Disk operations in
/// flight together may finish in any order: whoever needs an order waits for the answer first.
public sealed interface Effect {

  /// To the backing disk of one volume. Each token is answered once, by `LocalReadDone`,
  /// `LocalDone`, `LocalMeasured` or `LocalFailed`.
  sealed interface OfDisk extends Effect {
    int volume();
  }

  /// Read from the data area.
  record ReadLocal(int volume, long token, Extent extent) implements OfDisk {}

  /// Write to the data area; done = a later read sees it; with `fua` done = durable.
  record WriteLocal(int volume, long token, long sector, Payload payload, boolean fua)
      implements OfDisk {}

  /// Discard or zero in the data area; done as for a write. After TRIM the blocks must read as
  /// zeroes too, so that both replicas read the same.
  record DiscardLocal(int volume, long token, Extent extent, Event.Discard kind)
      implements OfDisk {}

  /// Done = every write and metadata write that was answered before this effect is durable.
  record FlushLocal(int volume, long token) implements OfDisk {}

  /// Write blocks of the metadata device, in the order of the list; done = written, and if
  /// `durable` also stable (earlier writes of the data area are not implied: flush for that).
  record WriteMetadata(int volume, long token, List<Region> regions, boolean durable)
      implements OfDisk {}

  /// Ask how large the disk is now, and its metadata device; answered by `LocalMeasured`, or by
  /// `LocalFailed`.
  record MeasureDisk(int volume, long token) implements OfDisk {}

  /// The engine no longer uses the disk of this volume: release it and its lock. Not answered.
  record CloseDisk(int volume) implements OfDisk {}

  /// Bytes for one place of the metadata device; `offsetBytes` from the start of that device, both
  /// offset and length multiples of 4096. The engine does not change the array any more.
  record Region(long offsetBytes, byte[] bytes) {}

  // ---- undo

  /// To the undo file of one volume (docs/undo.md), in order. Each is answered once, by `UndoDone`
  /// or `UndoFailed`.
  sealed interface OfUndo extends Effect {
    int volume();

    long token();
  }

  /// A new file; done = it is durable and says what `terms` say.
  record BeginUndo(int volume, long token, UndoTerms terms) implements OfUndo {}

  /// What blocks hold that are about to be overwritten; done = all of them are durable.
  record AppendUndo(int volume, long token, List<OldBlocks> blocks) implements OfUndo {
    public AppendUndo {
      blocks = List.copyOf(blocks);
    }
  }

  /// Nothing more is saved; `complete`: nothing is missing either. Done = durable.
  record EndUndo(int volume, long token, boolean complete) implements OfUndo {}

  /// What was read there.
  record OldBlocks(Extent extent, Payload data) {}

  // ---- link

  /// To the network of the one connection.
  sealed interface OfLink extends Effect {}

  /// Accept connections from the peer at the own address until told to stop.
  record Listen() implements OfLink {}

  record StopListening() implements OfLink {}

  /// Connect to the peer; answered by `Dialed` or `DialFailed`, within the given time.
  record Dial(long attempt, long timeoutNanos) implements OfLink {}

  /// Queue a packet. `token` 0 asks for no answer; else a later `Sent` covers it.
  record Send(
      long socket,
      Framing framing,
      int volume,
      Packet packet,
      @Nullable Payload payload,
      long token)
      implements OfLink {}

  /// From now on bodies up to `limitBodyBytes` are accepted on this socket (small until then).
  record LimitBody(long socket, int limitBodyBytes) implements OfLink {}

  /// Report, from now on, when the peer's side has taken nothing of what is queued for `nanos` (0:
  /// never); answered by `SendBlocked`, once for each time.
  record LimitBlocked(long socket, long nanos) implements OfLink {}

  /// Stop taking packets off this socket: the peer is faster than the disk.
  record PauseReading(long socket) implements OfLink {}

  record ResumeReading(long socket) implements OfLink {}

  /// Close after what is queued was handed over, or at once if that takes longer than a second.
  record CloseSocket(long socket) implements OfLink {}

  // ---- applications

  /// The answer to an application's request.
  sealed interface OfApplication extends Effect {
    int volume();

    long cookie();
  }

  record AppDone(int volume, long cookie) implements OfApplication {}

  record AppReadDone(int volume, long cookie, Payload payload) implements OfApplication {}

  record AppFailed(int volume, long cookie, AppError error) implements OfApplication {}

  /// Why a request failed; the edge turns it into its errno.
  enum AppError {
    IO,
    READ_ONLY,
    INVALID,
    SHUT_DOWN
  }

  // ---- node

  /// To the node around the resource.
  sealed interface OfNode extends Effect {}

  /// The answer to an `Event.Admin`.
  record AdminDone(long ticket, AdminResult result) implements OfNode {}

  /// A volume's state changed; `reason` names the event or command that did it, `rules` the rows of
  /// the decision tables that were at work (`uuid rule 70 -> WFBitMapS`). For logs, events2,
  /// metrics and checkers; volume -1 never occurs (a connection change is published per volume).
  record StateChanged(
      int volume, StateWord before, StateWord after, String reason, List<String> rules)
      implements OfNode {
    public StateChanged {
      rules = List.copyOf(rules);
    }
  }

  /// The usable size of a volume changed (sectors); openers learn of it.
  record SizeChanged(int volume, long sizeSectors) implements OfNode {}

  /// The metadata of a disk in use was moved: it stands where a disk of `backingBytes` ends. To be
  /// remembered, for the case that the disk grows while it is not in use.
  record MetadataMoved(int volume, long backingBytes) implements OfNode {}

  /// A verify that was begun on this node is over, finished or cut.
  record VerifyEnded(int volume, VerifyReport report) implements OfNode {}

  /// Run the handler program of that name; answered by `HandlerDone` if `token` is not 0.
  record CallHandler(int volume, String name, long token) implements OfNode {}

  /// One line for the log that is no state change.
  record Log(Level level, String text) implements OfNode {}

  /// Rows of a decision table (a type of `engine.state`, by its name) decided something about a
  /// volume, in this order. For who wants to know which rules were at work; changes nothing.
  record Decided(int volume, String table, List<String> rows) implements OfNode {
    public Decided {
      rows = List.copyOf(rows);
    }
  }

  /// INFO explains, WARN asks for an admin, ERROR is data at risk.
  enum Level {
    INFO,
    WARN,
    ERROR
  }
}
