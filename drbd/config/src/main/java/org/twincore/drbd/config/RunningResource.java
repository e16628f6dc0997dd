package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;

/// A resource as a running node has it, read from the text of `drbdsetup show`.
///
/// @param name the resource's name
/// @param options resource options that differ from their defaults
/// @param net network options that differ from their defaults
/// @param local the local address; empty before connect
/// @param peer the peer's address; empty before connect
/// @param volumes its volumes, ascending
public record RunningResource(
    String name,
    OptionValues options,
    OptionValues net,
    Optional<Endpoint> local,
    Optional<Endpoint> peer,
    List<Volume> volumes) {

  public RunningResource {
    volumes = List.copyOf(volumes);
  }

  /// A volume.
  ///
  /// @param number the volume number
  /// @param minor the minor
  /// @param disk the backing disk; empty while diskless
  /// @param metaDisk where its metadata lies
  /// @param options disk options that differ from their defaults
  public record Volume(
      int number, int minor, Optional<String> disk, MetaDisk metaDisk, OptionValues options) {}

  /// The volume of that number.
  public Optional<Volume> volume(int number) {
    return volumes.stream().filter(volume -> volume.number == number).findFirst();
  }

  /// Reads the text; resources in its order.
  ///
  /// @throws ConfigException if it is not such a text
  public static List<RunningResource> read(String text) throws ConfigException {
    return new ShowParser(text).resources();
  }
}
