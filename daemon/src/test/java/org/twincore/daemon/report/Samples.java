package org.twincore.daemon.report;

import java.util.List;
import java.util.Optional;
import org.twincore.daemon.report.ReportedResource.Network;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.Course;
import org.twincore.drbd.engine.exchange.ResourceStatus.ExtentCache;
import org.twincore.drbd.engine.exchange.ResourceStatus.InFlight;
import org.twincore.drbd.engine.exchange.ResourceStatus.Load;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// Resources made by hand, for texts that no kernel of today prints.
final class Samples {
  static final long SECOND = 1_000_000_000L;
  static final Network NETWORK =
      new Network("ipv4:10.0.0.1:7788", "ipv4:10.0.0.2:7788", "node2", 0);

  private Samples() {}

  /// `role/peer conn disk/pdsk`, with /proc/drbd's words.
  static StateWord state(String roles, String connection, String disks) {
    String[] role = roles.split("/", 2);
    String[] disk = disks.split("/", 2);
    return StateWord.INITIAL
        .withRole(constant(Role.values(), role[0]))
        .withPeer(constant(Role.values(), role[1]))
        .withConn(constant(ConnectionState.values(), connection))
        .withDisk(constant(DiskState.values(), disk[0]))
        .withPdsk(constant(DiskState.values(), disk[1]));
  }

  private static <T> T constant(T[] values, String text) {
    for (T value : values) {
      if (value.toString().equals(text)) {
        return value;
      }
    }
    throw new IllegalArgumentException(text);
  }

  /// Counters in KiB as they are printed, ns to ap.
  static Counters counters(long... kib) {
    return new Counters(
        kib[0] * 2,
        kib[1] * 2,
        kib[2] * 2,
        kib[3] * 2,
        kib[4],
        kib[5],
        (int) kib[6],
        (int) kib[7],
        (int) kib[8],
        (int) kib[9]);
  }

  static VolumeStatus volume(int minor, StateWord state, Counters counters) {
    Load load =
        new Load(
            ExtentCache.ofSize(31), ExtentCache.ofSize(127), 0, false, false, new InFlight(8, 16));
    return new VolumeStatus(
        minor,
        minor,
        state,
        2048 * 1024,
        0,
        Optional.empty(),
        0,
        0,
        false,
        counters,
        load,
        Optional.empty());
  }

  static VolumeStatus with(VolumeStatus volume, Progress progress) {
    return new VolumeStatus(
        volume.volume(),
        volume.minor(),
        volume.state(),
        volume.sizeSectors(),
        progress.leftBlocks(),
        volume.uuids(),
        volume.metadataFlags(),
        volume.openers(),
        volume.activityLogSuspended(),
        volume.counters(),
        volume.load(),
        Optional.of(progress));
  }

  /// `leftKib` of `totalKib` to go; the shown mark stood at `markLeftKib` that many seconds before
  /// time 0 at `markSeconds`; started `sinceSeconds` ago.
  static Progress progress(
      long leftKib, long totalKib, long markLeftKib, long markSeconds, long sinceSeconds) {
    return new Progress(
        totalKib / 4,
        leftKib / 4,
        0,
        -sinceSeconds * SECOND,
        0,
        -markSeconds * SECOND,
        markLeftKib / 4,
        -3 * SECOND,
        leftKib / 4 + 300,
        10240,
        4096,
        new Course(25, 800, 1 << 20));
  }

  static ReportedResource resource(String name, VolumeStatus... volumes) {
    ConnectionState connection = volumes[0].state().conn();
    boolean alone = connection == ConnectionState.STAND_ALONE;
    ResourceStatus status =
        new ResourceStatus(
            name,
            connection,
            alone ? Optional.empty() : Optional.of(ReplicationProtocol.C),
            101,
            'f',
            1,
            List.of(volumes),
            List.of());
    return new ReportedResource(status, alone ? Network.NONE : NETWORK);
  }
}
