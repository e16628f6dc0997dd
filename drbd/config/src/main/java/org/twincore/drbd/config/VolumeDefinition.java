package org.twincore.drbd.config;

import java.util.Optional;
import java.util.OptionalInt;

/// A volume of a host as the file defines it, with what it takes over from its resource.
///
/// @param number the volume number
/// @param implicit whether it stands without a `volume N { }` around it
/// @param device the device's name, e.g. /dev/drbd0
/// @param minor the device's number
/// @param disk the backing disk
/// @param metaDisk where its metadata lies
/// @param diskOptions options of its own `disk { }`
public record VolumeDefinition(
    int number,
    boolean implicit,
    Optional<String> device,
    OptionalInt minor,
    Optional<String> disk,
    Optional<MetaDisk> metaDisk,
    OptionList diskOptions) {

  static VolumeDefinition empty(int number, boolean implicit) {
    return new VolumeDefinition(
        number,
        implicit,
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionList.EMPTY);
  }

  VolumeDefinition withDevice(Optional<String> name, OptionalInt number) {
    return new VolumeDefinition(this.number, implicit, name, number, disk, metaDisk, diskOptions);
  }

  VolumeDefinition withDisk(String path) {
    return new VolumeDefinition(
        number, implicit, device, minor, Optional.of(path), metaDisk, diskOptions);
  }

  VolumeDefinition withMetaDisk(MetaDisk where) {
    return new VolumeDefinition(
        number, implicit, device, minor, disk, Optional.of(where), diskOptions);
  }

  VolumeDefinition withDiskOptions(OptionList options) {
    return new VolumeDefinition(number, implicit, device, minor, disk, metaDisk, options);
  }

  /// The device's name; made of the minor if the file gives none.
  public String deviceName() {
    return device.orElseGet(() -> "/dev/drbd" + minor.orElse(-1));
  }
}
