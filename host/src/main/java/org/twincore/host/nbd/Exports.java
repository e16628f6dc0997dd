package org.twincore.host.nbd;

import java.util.List;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;

/// The exports of a node, as a listener sees them; shared by all connections, called from their
/// threads, may wait (a few milliseconds, not for a disk).
public interface Exports {
  /// What became of an attempt to open.
  sealed interface Opening {}

  /// Opened: an opener, writable unless `info` says read-only, until `target` is closed.
  record Opened(ExportInfo info, BlockTarget target) implements Opening {}

  /// Not opened; the reason goes to the client.
  record NotOpened(ExportDirectory.Refused refusal) implements Opening {}

  /// All names to show, in the order shown.
  List<String> names();

  /// Describes without opening.
  ExportDirectory.Lookup find(String name);

  Opening open(String name);
}
