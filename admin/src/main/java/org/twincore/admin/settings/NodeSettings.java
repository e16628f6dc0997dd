package org.twincore.admin.settings;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The settings of one node.
///
/// @param nbdListen where NBD is served: `unix:PATH`, `HOST:PORT` or `[IPV6]:PORT`
/// @param nbdSecondary what a client gets that opens a volume which is not writable here
/// @param statusStyle how `service drbd status` looks
/// @param logFile where the log goes; empty: standard error
/// @param logMaxBytes size at which the file is rotated
/// @param logKeep old log files that are kept
/// @param stateFolder for what outlives a node; empty: the usual place
/// @param deviceFolder where a primary's block devices appear, or `none`; empty: /dev for the node
///   that root runs in its usual place
/// @param deviceBy which of the kernel's drivers makes them
/// @param epochs when a primary ends an epoch
/// @param diskIo how the backing disks are read and written
/// @param tls the files for TLS with the peer; empty: none
/// @param compression of what goes to the peer
/// @param undo of the loser of a split brain
/// @param handlerTimeout how long a handler program may take
/// @param protocolMax the highest version of the replication protocol that is offered to peers
/// @param verify when the volumes are verified by the node itself
/// @param adjustCommand what a shell runs at SIGHUP, to bring what runs to drbd.conf
public record NodeSettings(
    List<String> nbdListen,
    NbdSecondary nbdSecondary,
    StatusStyle statusStyle,
    Optional<String> logFile,
    long logMaxBytes,
    int logKeep,
    Optional<String> stateFolder,
    Optional<String> deviceFolder,
    DeviceBy deviceBy,
    Epochs epochs,
    DiskIo diskIo,
    Optional<Tls> tls,
    Compression compression,
    Undo undo,
    Duration handlerTimeout,
    int protocolMax,
    VerifyTimes verify,
    String adjustCommand) {

  /// The oldest and the newest version of the replication protocol.
  static final int PROTOCOL_MIN = 86;

  static final int PROTOCOL_MAX = 101;

  /// What holds where nothing is written.
  public static final NodeSettings DEFAULTS =
      new NodeSettings(
          List.of(),
          NbdSecondary.REFUSE,
          StatusStyle.V8_4,
          Optional.empty(),
          10L << 20,
          5,
          Optional.empty(),
          Optional.empty(),
          DeviceBy.FUSE,
          Epochs.FLUSH,
          DiskIo.BUFFERED,
          Optional.empty(),
          Compression.NONE,
          new Undo(true, 4L << 30, Optional.empty()),
          Duration.ofSeconds(600),
          PROTOCOL_MAX,
          VerifyTimes.NEVER,
          "drbdadm adjust all");

  public NodeSettings {
    nbdListen = List.copyOf(nbdListen);
  }

  /// The files, all PEM, and the name that the peer's certificate must have; empty: the peer's
  /// address (docs/settings.md).
  public record Tls(String certificate, String key, String authorities, Optional<String> peer) {}

  /// Whether what the loser of a split brain loses is saved, how many bytes all that may take, and
  /// where; empty: beside the rest of the node's state (docs/undo.md).
  public record Undo(boolean isOn, long limitBytes, Optional<String> folder) {}

  /// A value that is one word of several.
  interface Word {
    /// As the file spells it.
    String word();
  }

  /// Whether an epoch ends when an application flushes, or whenever a write is answered
  /// (docs/durability.md).
  public enum Epochs implements Word {
    FLUSH("flush"),
    COMPLETION("completion");

    private final String word;

    Epochs(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /// What a primary's block devices are to the kernel: a loop device over a FUSE file, or a device
  /// of its NBD client (docs/devices.md).
  public enum DeviceBy implements Word {
    FUSE("fuse"),
    NBD("nbd");

    private final String word;

    DeviceBy(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /// Whether the page cache stands between a node and its disks (docs/settings.md).
  public enum DiskIo implements Word {
    BUFFERED("buffered"),
    DIRECT("direct");

    private final String word;

    DiskIo(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /// How the bytes between two nodes are made fewer.
  public enum Compression implements Word {
    NONE("none"),
    LZ4("lz4");

    private final String word;

    Compression(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /// An export that cannot be written is refused, or offered read-only.
  public enum NbdSecondary implements Word {
    REFUSE("refuse"),
    READ_ONLY("read-only");

    private final String word;

    NbdSecondary(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /// The layouts of `service drbd status` through the years.
  public enum StatusStyle implements Word {
    V0_7("0.7"),
    V8_2("8.2"),
    V8_3("8.3"),
    V8_4("8.4");

    private final String word;

    StatusStyle(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }
}
