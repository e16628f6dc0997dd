package org.twincore.drbd.config;

import java.util.OptionalInt;

/// Where a volume's metadata lies.
///
/// @param device the path, or `internal`
/// @param index `internal`, `flexible`, or the decimal number of a fixed 128 MiB slot
public record MetaDisk(String device, String index) {
  /// Metadata at the end of the data disk.
  public static final MetaDisk INTERNAL = new MetaDisk("internal", "internal");

  /// Whether the metadata is at the end of the data disk.
  public boolean isInternal() {
    return device.equals("internal");
  }

  /// Whether the metadata takes as much of its own device as it needs.
  public boolean isFlexibleExternal() {
    return index.equals("flexible") && !isInternal();
  }

  /// The slot of fixed-size external metadata; empty for the other kinds.
  public OptionalInt slot() {
    return isInternal() || isFlexibleExternal()
        ? OptionalInt.empty()
        : OptionalInt.of(Integer.parseInt(index.replaceAll("[^0-9]", "")));
  }

  /// The device that holds the metadata, given the data disk.
  public String deviceFor(String disk) {
    return isInternal() ? disk : device;
  }

  /// The word that drbdmeta takes: `internal`, `flex-external`, or the number.
  public String drbdmetaIndex() {
    return isFlexibleExternal() ? "flex-external" : index;
  }
}
