package org.twincore.nbd;

import java.util.List;

/// Where a [ServerSession] finds exports: what it needs to know of the node behind it.
public interface ExportDirectory {
  /// What became of the question for a name.
  sealed interface Lookup {}

  record Found(ExportInfo info) implements Lookup {}

  /// No export, and why: [OptionReply#ERR_UNKNOWN] where no such name exists,
  /// [OptionReply#ERR_POLICY] where it may not be used now (a secondary), or
  /// [OptionReply#ERR_SHUTDOWN]. The message goes to the client.
  record Refused(OptionReply why, String message) implements Lookup {
    public Refused {
      if (!why.isError()) {
        throw new IllegalArgumentException("not a refusal: " + why);
      }
    }
  }

  /// All names to show in NBD_OPT_LIST, in the order shown.
  List<String> names();

  /// Describes an export for NBD_OPT_INFO and the metadata options; opens nothing.
  Lookup find(String name);

  /// Opens an export for this session's transmission phase (GO, EXPORT_NAME). Called at most once
  /// with result Found; whoever made the directory closes it when the session ends.
  Lookup open(String name);
}
