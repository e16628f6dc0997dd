package org.twincore.drbd.engine.request;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.wire.Payload;

/// What a frozen Primary had under way when the link to another Primary broke: neither marked nor
/// given up until it is known how the two go on (`tl_restart` with RESEND).
///
/// If they meet again as they parted, what the peer has not answered is sent once more, and what it
/// has is covered by the next epoch, in which an empty flush makes sure of that. In any other case
/// they become writes that the peer lacks. Their extents of the activity log are held all the
/// while, so a crash marks them too.
final class KeptWrites {
  private static final Extent NOWHERE = new Extent(0, 0);

  private static final WriteRequest.Answer NOBODY =
      new WriteRequest.Answer() {
        @Override
        public void answered(Effect.@Nullable AppError error) {
          // nobody asked
        }
      };

  private final Turn turn;
  private final TransferLog log;
  private final ConflictGate conflicts;
  private final WriteSender sender;
  private final List<WriteRequest> kept = new ArrayList<>();

  KeptWrites(Turn turn, TransferLog log, ConflictGate conflicts, WriteSender sender) {
    this.turn = turn;
    this.log = log;
    this.conflicts = conflicts;
    this.sender = sender;
  }

  boolean isEmpty() {
    return kept.isEmpty();
  }

  /// The link broke with this one on it, answered by the peer or not.
  void keep(WriteRequest request) {
    request.inTransferLog = true;
    kept.add(request);
    if (request.place != null && request.remote == Side.PENDING) {
      conflicts.sentAgain(request.place);
    }
  }

  /// The two go on as they parted, in the order of the first sending. False if something could not
  /// be sent; `lost` hears of it.
  boolean resume(WriteRequest.Owner owner, Consumer<WriteRequest> lost) {
    boolean isAnswered = false;
    boolean isComplete = true;
    for (WriteRequest request : takeAll()) {
      if (request.remote == Side.OK) {
        log.carry(request);
        isAnswered = true;
      } else {
        request.id = turn.newToken();
        if (!sender.send(request)) {
          isComplete = false;
          lost.accept(request);
        }
      }
    }
    if (isAnswered) {
      sender.sendFlush(emptyFlush(owner));
    }
    return isComplete;
  }

  private WriteRequest emptyFlush(WriteRequest.Owner owner) {
    Payload nothing = Payload.of(new byte[0]);
    WriteRequest flush =
        new WriteRequest(owner, NOBODY, turn.newToken(), NOWHERE, nothing, null, false);
    flush.answered = true;
    flush.local = Side.OK;
    return flush;
  }

  /// Hands all out: the two do not go on as they parted.
  List<WriteRequest> takeAll() {
    List<WriteRequest> all = List.copyOf(kept);
    kept.clear();
    all.forEach(each -> each.inTransferLog = false);
    return all;
  }
}
