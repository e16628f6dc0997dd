package org.twincore.drbd.engine.request;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.wire.Payload;

/// One write or discard of an application on its way to both disks (`struct drbd_request`).
///
/// ```
/// local:  NONE -> PENDING -> OK | FAILED
/// remote: NONE -> PENDING -> OK | FAILED     FAILED also when the connection is lost
/// ```
///
/// The request stands in the transfer log while the peer may still lose it; it is answered when
/// both sides are past PENDING as far as its protocol asks.
final class WriteRequest {
  /// How far one side is.
  enum Side {
    NONE,
    PENDING,
    OK,
    FAILED
  }

  /// Who owns a request: the writes of one volume.
  interface Owner {
    int volume();

    /// The epoch of this write is safe at the peer.
    void barrierAcknowledged(WriteRequest request);

    /// The connection was lost before that.
    void replicationLost(WriteRequest request);

    /// A disk goes out of use before that: the peer may have the write only in its cache.
    void staysOutOfSync(WriteRequest request);

    /// The packet of a protocol A write was handed to the network.
    void handedOver(WriteRequest request);
  }

  /// Takes the one answer to a write.
  interface Answer {
    /// `error` is null on success.
    void answered(Effect.@Nullable AppError error);
  }

  final Owner owner;
  final Answer answer;

  /// The block_id; another one each time that it is sent.
  long id;

  final Extent extent;

  /// Null for a discard, and once the write is answered.
  @Nullable Payload payload;

  final Event.@Nullable Discard discard;
  final boolean fua;
  Side local = Side.NONE;
  Side remote = Side.NONE;

  /// Answered towards the application.
  boolean answered;

  /// Counted as sent without answer.
  boolean counted;

  boolean inTransferLog;
  int epoch;

  /// When it was sent to the peer.
  long sentNanos;

  /// The peer acks it when it is written; else it is taken as done before that.
  boolean acksWrite;

  /// The answer of the peer also says that the blocks are in sync.
  boolean maySetInSync;

  /// The activity log that holds its extents, and which.
  @Nullable ActivityLog activity;

  ActivityLog.@Nullable Span span;
  ExtentGate.@Nullable Ticket ticket;

  /// Where it stands towards the peer's writes; from when it is let in until it is answered.
  ConflictGate.@Nullable Place place;

  /// When the peer asked to have it sent again later (P_RETRY_WRITE); null if it did not.
  @Nullable Long postponedNanos;

  WriteRequest(
      Owner owner,
      Answer answer,
      long id,
      Extent extent,
      @Nullable Payload payload,
      Event.@Nullable Discard discard,
      boolean fua) {
    this.owner = owner;
    this.answer = answer;
    this.id = id;
    this.extent = extent;
    this.payload = payload;
    this.discard = discard;
    this.fua = fua;
  }
}
