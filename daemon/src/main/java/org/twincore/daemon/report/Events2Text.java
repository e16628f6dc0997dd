package org.twincore.daemon.report;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The lines of `drbdsetup events2`: what exists, and what changes from one snapshot to the next.
///
/// A line is `ACTION OBJECT KEY FIELDS`; all lines from one snapshot belong together and get one
/// time stamp. DRBD 8.4 has no node ids, so `peer-node-id` is always 0, and the connection's name
/// is the word `peer`.
public final class Events2Text {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSxxx", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final boolean statistics;

  /// `statistics` adds figures to each line.
  public Events2Text(boolean statistics) {
    this.statistics = statistics;
  }

  /// The first dump: everything, resource by resource in the given order, then `exists -`.
  public List<String> existing(List<ReportedResource> resources) {
    List<String> lines = new ArrayList<>();
    for (ReportedResource resource : resources) {
      EventKey key = EventKey.of(resource);
      ResourceFields fields = new ResourceFields(resource, statistics);
      lines.add("exists resource" + key.resource() + fields.all());
      lines.add("exists connection" + key.connection() + fields.allOfConnection());
      for (VolumeStatus volume : resource.volumes()) {
        String device = new VolumeFields(volume, statistics).device();
        lines.add("exists device" + key.device(volume) + device);
      }
      for (VolumeStatus volume : resource.volumes()) {
        String peerDevice = new VolumeFields(volume, statistics).peerDevice();
        lines.add("exists peer-device" + key.peerDevice(volume.volume()) + peerDevice);
      }
    }
    lines.add("exists -");
    return lines;
  }

  /// A resource that was made since the last snapshot.
  public List<String> created(ReportedResource resource) {
    List<String> lines = new ArrayList<>();
    EventKey key = EventKey.of(resource);
    lines.add("create resource" + key.resource() + new ResourceFields(resource, statistics).all());
    resource.volumes().forEach(volume -> lines.add(createDevice(key, volume)));
    if (resource.hasPeer()) {
      createConnection(resource, lines);
    }
    return lines;
  }

  /// A resource that is no more.
  public List<String> destroyed(ReportedResource resource) {
    List<String> lines = new ArrayList<>();
    EventKey key = EventKey.of(resource);
    if (resource.hasPeer()) {
      destroyConnection(resource, lines);
    }
    resource.volumes().forEach(volume -> lines.add("destroy device" + key.device(volume)));
    lines.add("destroy resource" + key.resource());
    return lines;
  }

  /// What differs between two snapshots of one resource; empty if nothing that events2 tells does.
  /// Figures alone are no change.
  public List<String> changed(ReportedResource before, ReportedResource after) {
    List<String> lines = new ArrayList<>();
    EventKey key = EventKey.of(after);
    ResourceFields was = new ResourceFields(before, statistics);
    ResourceFields is = new ResourceFields(after, statistics);
    is.resourceSince(was).ifPresent(f -> lines.add("change resource" + key.resource() + f));
    boolean appeared = after.hasPeer() && !before.hasPeer();
    boolean vanished = before.hasPeer() && !after.hasPeer();
    if (appeared) {
      createConnection(after, lines);
    } else if (before.hasPeer()) {
      EventKey named = vanished ? EventKey.of(before) : key;
      is.connectionSince(was)
          .ifPresent(f -> lines.add("change connection" + named.connection() + f));
    }
    devices(before, after, lines);
    if (vanished) {
      destroyConnection(before, lines);
    } else if (after.hasPeer() && !appeared) {
      peerDevices(before, after, lines);
    }
    return lines;
  }

  private void devices(ReportedResource before, ReportedResource after, List<String> lines) {
    EventKey key = EventKey.of(after);
    for (VolumeStatus volume : before.volumes()) {
      if (find(after, volume).isEmpty()) {
        lines.add("destroy device" + key.device(volume));
      }
    }
    for (VolumeStatus volume : after.volumes()) {
      Optional<VolumeStatus> old = find(before, volume);
      if (old.isEmpty()) {
        lines.add(createDevice(key, volume));
        continue;
      }
      VolumeFields was = new VolumeFields(old.get(), statistics);
      new VolumeFields(volume, statistics)
          .deviceSince(was)
          .ifPresent(fields -> lines.add("change device" + key.device(volume) + fields));
    }
  }

  private void peerDevices(ReportedResource before, ReportedResource after, List<String> lines) {
    EventKey key = EventKey.of(after);
    for (VolumeStatus volume : before.volumes()) {
      if (find(after, volume).isEmpty()) {
        lines.add("destroy peer-device" + key.peerDevice(volume.volume()));
      }
    }
    for (VolumeStatus volume : after.volumes()) {
      Optional<VolumeStatus> old = find(before, volume);
      String name = key.peerDevice(volume.volume());
      VolumeFields is = new VolumeFields(volume, statistics);
      if (old.isEmpty()) {
        lines.add("create peer-device" + name + is.peerDevice());
        continue;
      }
      is.peerDeviceSince(new VolumeFields(old.get(), statistics))
          .ifPresent(fields -> lines.add("change peer-device" + name + fields));
    }
  }

  /// A new connection starts as StandAlone; where it already stands follows as a change.
  private void createConnection(ReportedResource resource, List<String> lines) {
    EventKey key = EventKey.of(resource);
    ReportedResource start = NewConnection.of(resource);
    ResourceFields begin = new ResourceFields(start, statistics);
    lines.add("create connection" + key.connection() + begin.allOfConnection());
    for (VolumeStatus volume : start.volumes()) {
      String fields = new VolumeFields(volume, statistics).peerDevice();
      lines.add("create peer-device" + key.peerDevice(volume.volume()) + fields);
    }
    if (resource.connection() != ConnectionState.STAND_ALONE) {
      new ResourceFields(resource, statistics)
          .connectionSince(begin)
          .ifPresent(fields -> lines.add("change connection" + key.connection() + fields));
      peerDevices(start, resource, lines);
    }
  }

  private static void destroyConnection(ReportedResource resource, List<String> lines) {
    EventKey key = EventKey.of(resource);
    for (VolumeStatus volume : resource.volumes()) {
      lines.add("destroy peer-device" + key.peerDevice(volume.volume()));
    }
    lines.add("destroy connection" + key.connection());
  }

  private String createDevice(EventKey key, VolumeStatus volume) {
    return "create device" + key.device(volume) + new VolumeFields(volume, statistics).device();
  }

  private static Optional<VolumeStatus> find(ReportedResource resource, VolumeStatus like) {
    return resource.status().volumes().stream()
        .filter(v -> v.volume() == like.volume() && v.minor() == like.minor())
        .findFirst();
  }

  /// A handler that is about to run for a volume.
  public static String call(ReportedResource resource, VolumeStatus volume, String handler) {
    return "call helper" + EventKey.of(resource).helper(volume) + " helper:" + handler;
  }

  /// A handler that ended with `exitCode`.
  public static String response(
      ReportedResource resource, VolumeStatus volume, String handler, int exitCode) {
    return "response helper"
        + EventKey.of(resource).helper(volume)
        + " helper:"
        + handler
        + " status:"
        + exitCode;
  }

  /// A line with the time of its snapshot, in UTC.
  public static String stamped(Instant time, String line) {
    return STAMP.format(time) + " " + line;
  }
}
