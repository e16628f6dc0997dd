package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.AHEAD;
import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;

import java.util.TreeMap;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.meta.SyncBitmap;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// What `on-congestion` does, and the way back (drbd-wire section 12.2).
///
/// ```
/// Connected, SyncSource -- congested --> Ahead       (peer: Behind, by P_STATE)
/// Ahead -- all in flight is safe, and a second --> SyncSource, P_SYNC_UUID   (peer: SyncTarget)
/// ```
///
/// While it is Ahead this node tells the peer which blocks it changes, and not how. Deviations from
/// the kernel: a generation begins with the first write that the peer does not get, so that even
/// two Secondaries that lose each other then know who is behind; the way back begins also when
/// nothing was in flight at all; and a verify is not cut.
final class Ahead {
  private static final long REST_NANOS = 1_000_000_000L;
  private static final long POSTPONED_NANOS = 100_000_000L;
  private static final int BLOCK_SECTORS = 8;

  /// What one P_OUT_OF_SYNC tells at most: 1 MiB.
  private static final int TOLD_BLOCKS_MAX = 256;

  private final Parts parts;
  private final States states;
  private final Resyncs resyncs;
  private final PeerLink link;

  /// When the volumes that are Ahead and have nothing in flight begin their resync.
  private final TreeMap<Integer, Long> due = new TreeMap<>();

  Ahead(Parts parts, States states, Resyncs resyncs, PeerLink link) {
    this.parts = parts;
    this.states = states;
    this.resyncs = resyncs;
    this.link = link;
  }

  /// A limit is reached; the write that found it is not begun yet.
  void congested(Volume volume, String cause) {
    if (parts.peering.net().word(Option.ON_CONGESTION).equals("disconnect")) {
      link.lose(DISCONNECTING, cause);
      return;
    }
    Device device = volume.device;
    boolean wasEqual = device.state().conn() == CONNECTED;
    parts.log.close();
    states.force(volume, state -> state.withConn(AHEAD), cause);
    if (wasEqual && device.state().conn() == AHEAD) {
      tellMarks(volume);
    }
    parts.turn.log(
        Effect.Level.WARN, "volume %d: pulls ahead: %s".formatted(volume.number(), cause));
  }

  /// The peer is to fetch what was marked here before, too: it would take itself for complete
  /// without.
  private void tellMarks(Volume volume) {
    SyncBitmap bitmap = volume.device.disk().bitmap();
    long sectors = volume.device.sizeSectors();
    for (long block = bitmap.nextSet(0); block >= 0; ) {
      long end = block + 1;
      while (end - block < TOLD_BLOCKS_MAX && bitmap.nextSet(end) == end) {
        end++;
      }
      long from = block * BLOCK_SECTORS;
      long bytes = (Math.min(end * BLOCK_SECTORS, sectors) - from) * Extent.SECTOR_BYTES;
      parts.turn.send(
          volume.number(),
          new Packet.BlockDescription(PacketType.OUT_OF_SYNC, from, (int) bytes, 0));
      block = bitmap.nextSet(end);
    }
  }

  /// At the end of each step.
  void maintain() {
    for (Volume volume : parts.all()) {
      if (volume.device.state().conn() != AHEAD) {
        due.remove(volume.number());
      } else if (parts.log.sectorsInFlight(volume.number()) == 0) {
        wait(volume);
      }
    }
  }

  private void wait(Volume volume) {
    long now = parts.turn.now();
    Long when = due.get(volume.number());
    if (when == null) {
      due.put(volume.number(), now + REST_NANOS);
    } else if (now >= when && volume.syncSource.isServing()) {
      // What the peer asked for before it was behind is still on its way there.
      due.put(volume.number(), now + POSTPONED_NANOS);
    } else if (now >= when) {
      due.remove(volume.number());
      resyncs.startCaughtUp(volume);
    }
  }

  /// When [#maintain] has something to do; Long.MAX_VALUE if never.
  long deadlineNanos() {
    return due.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
  }
}
