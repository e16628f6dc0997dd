package org.twincore.drbd.engine.exchange;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;

/// One thing that happened at the edge of a resource.
///
/// Volumes are volume numbers, sockets are numbers given out by the link, tokens are numbers that
/// the engine put into the effect which this event answers, cookies belong to the application side.
/// An event for a socket, volume or token that the engine has given up is ignored.
public sealed interface Event {

  /// Time passed; sent when `Resource.nextDeadlineNanos` is reached, harmless at any other time.
  record Tick() implements Event {}

  // ---- applications (NBD clients, the block device); answered by an Effect.OfApplication each

  /// An application wants `extent` read.
  record AppRead(int volume, long cookie, Extent extent) implements Event {}

  /// An application writes; `fua` asks for durability on both disks before the answer.
  record AppWrite(int volume, long cookie, long sector, Payload payload, boolean fua)
      implements Event {}

  /// An application discards or zeroes `extent` (at most 128 MiB).
  record AppDiscard(int volume, long cookie, Extent extent, Discard kind, boolean fua)
      implements Event {}

  /// An application asks that all writes answered before are durable.
  record AppFlush(int volume, long cookie) implements Event {}

  /// Somebody opened the volume (the edge asked `Resource.mayOpen` in the same turn).
  record Opened(int volume, Access access) implements Event {}

  /// The opener of that kind is gone.
  record Closed(int volume, Access access) implements Event {}

  // ---- disk: answers to Effect.OfDisk

  /// A local read finished; the payload has exactly the bytes asked for.
  record LocalReadDone(int volume, long token, Payload payload) implements Event {}

  /// A local write, discard, flush or metadata write finished as its effect promises.
  record LocalDone(int volume, long token) implements Event {}

  /// The sizes of the disk as they are now: `dataBytes` with internal metadata included,
  /// `metadataBytes` of the device that the metadata is on.
  record LocalMeasured(int volume, long token, long dataBytes, long metadataBytes)
      implements Event {}

  /// A local operation of any kind failed.
  record LocalFailed(int volume, long token, String cause) implements Event {}

  // ---- undo: answers to Effect.OfUndo

  /// It is done, and durable.
  record UndoDone(int volume, long token) implements Event {}

  /// It is not; what of it is in the file does not count.
  record UndoFailed(int volume, long token, String cause) implements Event {}

  // ---- link

  /// The listener accepted a connection from the peer's address.
  record Accepted(long socket) implements Event {}

  /// The dial `attempt` succeeded.
  record Dialed(long attempt, long socket) implements Event {}

  /// The dial `attempt` failed or timed out.
  record DialFailed(long attempt, String cause) implements Event {}

  /// A whole packet arrived; `payload` is there exactly if `packet.payloadBytes() > 0`.
  record PacketArrived(
      long socket, Framing framing, int volume, Packet packet, @Nullable Payload payload)
      implements Event {}

  /// All sends of this socket with a token up to `token` have been handed to the kernel.
  record Sent(long socket, long token) implements Event {}

  /// Packets are queued, and for as long as `LimitBlocked` said none of their bytes could be sent.
  record SendBlocked(long socket) implements Event {}

  /// The socket is closed: by the peer, by an error, or, with a `fault`, because bytes arrived that
  /// are no packet. Not sent for a socket that the engine itself closed.
  record SocketClosed(long socket, String cause, WireFormatException.@Nullable Fault fault)
      implements Event {
    /// By the peer or by an error.
    public SocketClosed(long socket, String cause) {
      this(socket, cause, null);
    }
  }

  /// The resync of the volume has to wait for another one's of this node (`resync-after`), or no
  /// longer.
  record ResyncOrder(int volume, boolean waits) implements Event {}

  // ---- admins and handlers

  /// A command; answered by one [Effect.AdminDone] with the same ticket, at once or later.
  record Admin(long ticket, AdminCommand command) implements Event {}

  /// A handler program ended (or could not run: 127).
  record HandlerDone(long token, int exitCode) implements Event {}

  /// What an opener may do.
  enum Access {
    READ_ONLY,
    READ_WRITE
  }

  /// What becomes of the blocks.
  enum Discard {
    /// The application no longer needs the data (NBD TRIM); afterwards both replicas read the same.
    TRIM,
    /// Must read as zeroes and stay allocated (WRITE_ZEROES with NO_HOLE).
    ZERO_OUT,
    /// Must read as zeroes, may be unmapped (WRITE_ZEROES).
    ZERO_OUT_MAY_UNMAP
  }
}
