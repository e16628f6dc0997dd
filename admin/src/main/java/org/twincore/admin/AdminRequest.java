package org.twincore.admin;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One question or command of a tool to a node, one record a `drbdsetup` command.
///
/// Resources go by name, volumes by minor. Option maps have drbd.conf's words as keys and canonical
/// values: a plain number in the option's own unit, `yes` or `no`, a word, or free text. An option
/// that is missing has DRBD's default. Every request gets exactly one [AdminAnswer], but
/// [Subscribe], which gets lines and then an end.
public sealed interface AdminRequest {

  // ---- questions

  /// Who are you? Answered by [AdminAnswer.Info].
  record Hello() implements AdminRequest {}

  /// The state of one resource or, without a name, of all: [AdminAnswer.Status], resources by name.
  record Status(Optional<String> resource) implements AdminRequest {}

  /// A text that the daemon renders: [AdminAnswer.Text].
  record Report(ReportKind kind, Optional<String> resource, List<ReportOption> options)
      implements AdminRequest {
    public Report {
      options = List.copyOf(options);
    }
  }

  /// `drbdsetup events2`: a [AdminAnswer.Line] each, then [AdminAnswer.End] when `options` say so
  /// or the node stops.
  record Subscribe(Optional<String> resource, List<ReportOption> options) implements AdminRequest {
    public Subscribe {
      options = List.copyOf(options);
    }
  }

  /// `drbdadm why`: what a resource waits for and what would end it, of one resource or of all; of
  /// one volume if `volume` is not negative. [AdminAnswer.Text].
  record Why(Optional<String> resource, int volume, Layout layout) implements AdminRequest {
    public static final int ALL_VOLUMES = -1;
  }

  /// `drbdadm undo-split-brain` (docs/undo.md), for one volume if `volume` is not negative; `file`
  /// is the path of an image, else empty. [AdminAnswer.Text].
  record Undo(String resource, int volume, UndoVerb verb, String file, Layout layout)
      implements AdminRequest {}

  /// What is to be done with undo files.
  enum UndoVerb {
    LIST,
    /// Writes the disk as it was to a file.
    IMAGE,
    /// Writes back what was saved, to both nodes.
    RESTORE,
    /// The resync goes on without.
    STOP,
    /// Removes all that are not in use.
    FORGET
  }

  /// `drbdadm split-brain`: what is known of the split brain of a volume, and whose changes overlap
  /// if `other` is what the other node says to the same in JSON; else empty. [AdminAnswer.Text].
  record Dossier(String resource, int volume, Layout layout, String other)
      implements AdminRequest {}

  /// `drbdadm verify-report`: the last verifies of one resource or of all that this node began, and
  /// when it begins the next by itself. [AdminAnswer.Text].
  record VerifyReport(Optional<String> resource, Layout layout) implements AdminRequest {}

  // ---- making and removing

  /// `new-resource`. `handlers` are the programs of the handlers section, by name.
  record NewResource(String resource, Map<String, String> options, Map<String, String> handlers)
      implements AdminRequest {
    public NewResource {
      options = OrderedCopy.of(options);
      handlers = OrderedCopy.of(handlers);
    }
  }

  /// `del-resource`: only without volumes and connection.
  record DeleteResource(String resource) implements AdminRequest {}

  /// `new-minor`: a diskless volume.
  record NewMinor(String resource, int minor, int volume) implements AdminRequest {}

  /// `attach`: opens and locks the disk, reads the metadata, applies the activity log. `metaIndex`
  /// is `internal`, `flexible` or a number; `metaDisk` is `disk` again where it is internal. The
  /// options are those of the disk section.
  record Attach(
      int minor, String disk, String metaDisk, String metaIndex, Map<String, String> options)
      implements AdminRequest {
    public Attach {
      options = OrderedCopy.of(options);
    }
  }

  record Detach(int minor, boolean force) implements AdminRequest {}

  /// `connect`. Addresses as `ipv4:10.0.0.1:7789` or `ipv6:[::1]:7789`; `nodeId` is 0 for the first
  /// `on` section of the resource, 1 for the second; the options are those of the net section.
  record Connect(
      String resource,
      String localAddress,
      String peerAddress,
      String peerName,
      int nodeId,
      Map<String, String> options,
      boolean discardMyData,
      boolean tentative)
      implements AdminRequest {
    public Connect {
      options = OrderedCopy.of(options);
    }
  }

  record Disconnect(String resource, boolean force) implements AdminRequest {}

  /// `down`: demote, disconnect, detach, forget.
  record Down(String resource) implements AdminRequest {}

  // ---- changing

  record Primary(int minor, boolean force) implements AdminRequest {}

  /// A change of one volume that takes no argument.
  record Change(VolumeVerb verb, int minor) implements AdminRequest {}

  /// `verify`: answered when it has begun. Sectors, negative if not given.
  record Verify(int minor, long startSector, long stopSector) implements AdminRequest {
    public static final long NOT_GIVEN = -1;
  }

  /// `repair`: copies the blocks that are marked out of sync from `source` to the other side.
  record Repair(int minor, Side source) implements AdminRequest {}

  /// `resize`: takes into use what the backing disks have become; `sizeSectors` is 0 for all of it.
  /// `alStripes` and `alStripeSizeKib` are 0 for an activity log as it is.
  record Resize(
      int minor,
      long sizeSectors,
      boolean assumeClean,
      boolean assumePeerHasSpace,
      int alStripes,
      int alStripeSizeKib)
      implements AdminRequest {}

  record NewCurrentUuid(int minor, boolean clearBitmap) implements AdminRequest {}

  /// `disk-options`: these instead of the running ones (or, without `setDefaults`, on top).
  record DiskOptions(int minor, Map<String, String> options, boolean setDefaults)
      implements AdminRequest {
    public DiskOptions {
      options = OrderedCopy.of(options);
    }
  }

  record NetOptions(String resource, Map<String, String> options, boolean setDefaults)
      implements AdminRequest {
    public NetOptions {
      options = OrderedCopy.of(options);
    }
  }

  /// `resource-options`; `handlers` replace the known ones unless null.
  record ResourceOptions(
      String resource,
      Map<String, String> options,
      @Nullable Map<String, String> handlers,
      boolean setDefaults)
      implements AdminRequest {
    public ResourceOptions {
      options = OrderedCopy.of(options);
      handlers = handlers == null ? null : OrderedCopy.of(handlers);
    }
  }

  // ---- waiting

  /// `wait-connect`, `wait-sync`: answered when the resource is there, or with number 5 when
  /// `timeoutSeconds` (0 = for ever) are over. `degradedTimeoutSeconds` counts instead where the
  /// node was alone when it stopped, `outdatedTimeoutSeconds` where the peer is Outdated. Of one
  /// volume if `volume` is not negative. StandAlone ends the wait unless `waitAfterSb`.
  record Await(
      String resource,
      int volume,
      Goal goal,
      long timeoutSeconds,
      long degradedTimeoutSeconds,
      long outdatedTimeoutSeconds,
      boolean waitAfterSb)
      implements AdminRequest {
    public static final int ALL_VOLUMES = -1;

    /// For all volumes of a resource, until it is StandAlone at the latest.
    public Await(
        String resource,
        Goal goal,
        long timeoutSeconds,
        long degradedTimeoutSeconds,
        long outdatedTimeoutSeconds) {
      this(
          resource,
          ALL_VOLUMES,
          goal,
          timeoutSeconds,
          degradedTimeoutSeconds,
          outdatedTimeoutSeconds,
          false);
    }
  }

  // ---- the node itself

  /// As SIGTERM: demote, detach, exit. Answered before the end.
  record Shutdown() implements AdminRequest {}

  /// What [Await] waits for.
  enum Goal {
    CONNECTED,
    SYNCED
  }

  /// Which of the two nodes, seen from the one that is asked.
  enum Side {
    LOCAL,
    PEER
  }

  /// How an answer for people or programs is laid out.
  enum Layout {
    TEXT,
    JSON
  }

  /// The texts a node can render.
  enum ReportKind {
    /// `drbdsetup status`.
    STATUS,
    /// `drbdsetup status --json`.
    JSON,
    /// /proc/drbd.
    PROC,
    /// `drbdsetup show`.
    SHOW,
    /// `service drbd status`, in the style that the node's settings name.
    SERVICE,
    /// `drbd-overview`.
    OVERVIEW
  }

  /// How to render.
  enum ReportOption {
    VERBOSE,
    STATISTICS,
    /// With terminal colours.
    COLOR,
    /// events2: each line with its time.
    TIMESTAMPS,
    /// events2: end after what exists.
    NOW,
    /// show: options that have their default, too.
    DEFAULTS
  }

  /// The changes of a volume without argument; their words are drbdsetup's.
  enum VolumeVerb {
    SECONDARY("secondary"),
    INVALIDATE("invalidate"),
    INVALIDATE_REMOTE("invalidate-remote"),
    PAUSE_SYNC("pause-sync"),
    RESUME_SYNC("resume-sync"),
    OUTDATE("outdate"),
    SUSPEND_IO("suspend-io"),
    RESUME_IO("resume-io"),
    DELETE_MINOR("del-minor");

    private final String word;

    VolumeVerb(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }
}
