package org.twincore.drbd.engine.exchange;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/// The memory that reads for the peer may take at once: from the start of the local read until the
/// reply was handed to the network.
///
/// What does not fit waits its turn, in order; so a peer that asks and does not listen costs no
/// more than this. The socket is read on meanwhile: were it not, two nodes that serve each other
/// could wait for each other for ever.
public final class ReadRoom {
  private static final long BYTES_MAX = 32L << 20;

  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<Unsent> unsent = new ArrayDeque<>();
  private long inUseBytes;
  private boolean admits;

  /// The room of one read; given back once, by [#leave] or by [#sent].
  public static final class Place {
    private final long bytes;

    private Place(long bytes) {
      this.bytes = bytes;
    }
  }

  private record Waiting(Place place, Consumer<Place> go) {}

  private record Unsent(long token, Place place) {}

  /// Runs `go` when there is room for that many bytes, now or later.
  public void enter(long bytes, Consumer<Place> go) {
    waiting.add(new Waiting(new Place(bytes), go));
    admit();
  }

  /// The read came to nothing.
  public void leave(Place place) {
    inUseBytes -= place.bytes;
    admit();
  }

  /// The reply was sent with that token.
  public void sent(Place place, long token) {
    unsent.add(new Unsent(token, place));
  }

  /// Everything sent with a token up to this one was handed to the network.
  public void handedOver(long token) {
    while (!unsent.isEmpty() && unsent.getFirst().token <= token) {
      inUseBytes -= unsent.removeFirst().place.bytes;
    }
    admit();
  }

  /// The connection is gone, and with it the replies.
  public void connectionLost() {
    List<Unsent> lost = List.copyOf(unsent);
    unsent.clear();
    lost.forEach(each -> inUseBytes -= each.place.bytes);
    admit();
  }

  private void admit() {
    if (admits) {
      return;
    }
    admits = true;
    while (!waiting.isEmpty()
        && (inUseBytes == 0 || inUseBytes + waiting.getFirst().place.bytes <= BYTES_MAX)) {
      Waiting next = waiting.removeFirst();
      inUseBytes += next.place.bytes;
      next.go.accept(next.place);
    }
    admits = false;
  }
}
