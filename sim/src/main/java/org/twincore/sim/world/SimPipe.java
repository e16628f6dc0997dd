package org.twincore.sim.world;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.WireFormatException;

/// One direction of one connection: bytes in order, with the sender's kernel buffer, the way, and
/// the receiver's decoder.
///
/// ```
/// queued --room in the window--> in flight --latency--> arrived --path open, reader reading-->
/// ```
final class SimPipe {
  /// What the other end of the pipe learns.
  interface Receiver {
    void packet(FrameDecoder.Decoded decoded);

    /// The sender closed after its last byte.
    void end();

    void malformed(WireFormatException cause);
  }

  private final Simulation simulation;
  private final RandomGenerator random;
  private final SimPath path;
  private final Receiver receiver;
  private final FrameDecoder decoder = new FrameDecoder();
  private final ArrayDeque<Segment> queued = new ArrayDeque<>();
  private final ArrayDeque<Segment> arrived = new ArrayDeque<>();
  private long inFlightBytes;
  private long lastArrivalNanos;
  private boolean isReading = true;
  private boolean isDead;
  private long blockedMaxNanos;
  private Runnable onBlocked = () -> {};

  /// When the sender's kernel last took something over.
  private long takenNanos;

  private boolean watches;

  /// A packet's bytes; `bytes` null is the end of the stream. `accepted` runs when the sender's
  /// kernel took it over.
  private record Segment(
      byte @Nullable [] head, byte[] payload, int from, int length, Runnable accepted) {
    int sizeBytes() {
      return (head == null ? 0 : head.length) + length;
    }
  }

  SimPipe(Simulation simulation, RandomGenerator random, SimPath path, Receiver receiver) {
    this.simulation = simulation;
    this.random = random;
    this.path = path;
    this.receiver = receiver;
  }

  void send(byte[] head, byte[] payload, int from, int length, Runnable accepted) {
    queued.add(new Segment(head, payload, from, length, accepted));
    fillWindow();
  }

  /// The stream ends behind what was sent so far.
  void sendEnd() {
    queued.add(new Segment(null, new byte[0], 0, 0, () -> {}));
    fillWindow();
  }

  /// The sender is gone: what its kernel does not have yet is lost.
  void dropQueued() {
    queued.clear();
  }

  boolean hasQueued() {
    return !queued.isEmpty();
  }

  /// Nothing is delivered any more.
  void die() {
    isDead = true;
    queued.clear();
    arrived.clear();
  }

  void limitBody(int bytes) {
    decoder.limitBody(bytes);
  }

  void reading(boolean on) {
    isReading = on;
    pump();
  }

  /// From now on `then` runs when nothing of what is queued was taken for that long (0: never).
  void limitBlocked(long nanos, Runnable then) {
    blockedMaxNanos = nanos;
    onBlocked = then;
    watch();
  }

  private void watch() {
    if (blockedMaxNanos > 0 && !watches && !isDead && !queued.isEmpty()) {
      watches = true;
      simulation.at(takenNanos + blockedMaxNanos, this::look);
    }
  }

  private void look() {
    watches = false;
    boolean isBlocked = !isDead && !queued.isEmpty() && blockedMaxNanos > 0;
    if (isBlocked && simulation.nowNanos() - takenNanos >= blockedMaxNanos) {
      takenNanos = simulation.nowNanos();
      onBlocked.run();
    }
    watch();
  }

  private void fillWindow() {
    while (!isDead && !queued.isEmpty()) {
      Segment next = queued.getFirst();
      if (inFlightBytes > 0 && inFlightBytes + next.sizeBytes() > path.windowBytes()) {
        watch();
        return;
      }
      takenNanos = simulation.nowNanos();
      queued.removeFirst();
      inFlightBytes += next.sizeBytes();
      next.accepted.run();
      long earliest = simulation.nowNanos() + path.latencyNanos();
      lastArrivalNanos = Math.max(earliest, lastArrivalNanos) + path.nanosFor(next.sizeBytes());
      simulation.at(
          lastArrivalNanos,
          () -> {
            arrived.add(next);
            pump();
          });
    }
  }

  /// Delivers what has arrived, if the path lets it through and the receiver reads.
  void pump() {
    while (!isDead && isReading && path.isOpen() && !arrived.isEmpty()) {
      Segment next = arrived.removeFirst();
      inFlightBytes -= next.sizeBytes();
      deliver(next);
      fillWindow();
    }
  }

  private void deliver(Segment segment) {
    if (segment.head == null) {
      receiver.end();
      return;
    }
    try {
      if (decode(segment.head, 0, segment.head.length)) {
        decode(segment.payload, segment.from, segment.length);
      }
    } catch (WireFormatException e) {
      receiver.malformed(e);
    }
  }

  /// Feeds the decoder, now and then in two parts. Whether the pipe is still alive.
  private boolean decode(byte[] bytes, int from, int length) throws WireFormatException {
    int cut = length > 1 && random.nextInt(8) == 0 ? random.nextInt(1, length) : length;
    feed(ByteBuffer.wrap(bytes, from, cut));
    if (!isDead && cut < length) {
      feed(ByteBuffer.wrap(bytes, from + cut, length - cut));
    }
    return !isDead;
  }

  private void feed(ByteBuffer in) throws WireFormatException {
    FrameDecoder.Decoded decoded = decoder.decode(in);
    while (decoded != null) {
      receiver.packet(decoded);
      if (isDead) {
        return;
      }
      decoded = decoder.decode(in);
    }
  }
}
