package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.twincore.drbd.config.Statement.Section;

/// The volumes of one host or resource while its statements are read.
final class VolumeSet {
  private final Findings findings;
  private final TreeMap<Integer, VolumeDefinition> volumes = new TreeMap<>();

  VolumeSet(Findings findings) {
    this.findings = findings;
  }

  List<VolumeDefinition> sorted() {
    return new ArrayList<>(volumes.values());
  }

  void put(VolumeDefinition volume) {
    volumes.put(volume.number(), volume);
  }

  /// A `volume N { }`; each device statement in it is shown to `onDevice`.
  void addExplicit(Statement.Volume statement, Consumer<Statement.Device> onDevice) {
    VolumeDefinition volume = VolumeDefinition.empty(statement.number(), false);
    for (Statement part : statement.body()) {
      volume = with(volume, part);
      if (part instanceof Statement.Device device) {
        onDevice.accept(device);
      }
    }
    if (volumes.putIfAbsent(volume.number(), volume) != null) {
      findings.fault(statement.at(), "volume " + volume.number() + " is defined twice here");
    }
  }

  /// A statement without a `volume { }` around it: of volume 0, if that is the only one.
  void addImplicit(Statement statement) {
    boolean mixed = volumes.values().stream().anyMatch(volume -> !volume.implicit());
    if (mixed) {
      findings.fault(statement.at(), "mixing explicit and implicit volumes is not allowed");
      return;
    }
    VolumeDefinition volume = volumes.getOrDefault(0, VolumeDefinition.empty(0, true));
    volumes.put(0, with(volume, statement));
  }

  static VolumeDefinition with(VolumeDefinition volume, Statement statement) {
    return switch (statement) {
      case Statement.Device device ->
          volume.withDevice(
              device.name().or(volume::device),
              device.minor().isPresent() ? device.minor() : OptionalInt.empty());
      case Statement.Disk disk -> volume.withDisk(disk.path());
      case Statement.MetaDisk meta ->
          volume.withMetaDisk(new MetaDisk(meta.device(), meta.index()));
      case Statement.Options(_, Section section, List<Setting> settings)
          when section == Section.DISK ->
          volume.withDiskOptions(volume.diskOptions().plus(settings));
      case Statement.Options _,
          Statement.Resource _,
          Statement.Host _,
          Statement.Volume _,
          Statement.Address _,
          Statement.Proxy _,
          Statement.StandAlone _ ->
          throw new IllegalStateException("no statement of a volume: " + statement);
    };
  }
}
