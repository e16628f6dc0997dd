package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The one table of drbd.conf options: one row an option of DRBD 8.4 (drbd-config section 4).
///
/// A row says where the option stands, its type, the unit of a bare number, default and range. The
/// parser, the printers, `docs/options.md`, the engine and the simulator all read it here.
public enum Option {
  USAGE_COUNT(Section.GLOBAL, "usage-count", word("ask", "yes", "no", "ask")),
  MINOR_COUNT(Section.GLOBAL, "minor-count", number(Unit.ONE, 32L, 1L, 255L, RangeCheck.AT_PARSE)),
  DIALOG_REFRESH(
      Section.GLOBAL, "dialog-refresh", number(Unit.ONE, 1L, 0L, 600L, RangeCheck.AT_PARSE)),
  DISABLE_IP_VERIFICATION(Section.GLOBAL, "disable-ip-verification", flag(false)),
  UDEV_ALWAYS_USE_VNR(Section.GLOBAL, "udev-always-use-vnr", flag(false)),
  CMD_TIMEOUT_SHORT(
      Section.GLOBAL, "cmd-timeout-short", number(Unit.ONE, 5L, 0L, 900L, RangeCheck.AT_PARSE)),
  CMD_TIMEOUT_MEDIUM(
      Section.GLOBAL, "cmd-timeout-medium", number(Unit.ONE, 121L, 0L, 900L, RangeCheck.AT_PARSE)),
  CMD_TIMEOUT_LONG(
      Section.GLOBAL, "cmd-timeout-long", number(Unit.ONE, 600L, 0L, 900L, RangeCheck.AT_PARSE)),
  CPU_MASK(Section.OPTIONS, "cpu-mask", string()),
  ON_NO_DATA_ACCESSIBLE(
      Section.OPTIONS, "on-no-data-accessible", word("io-error", "io-error", "suspend-io")),
  SIZE(Section.DISK, "size", number(Unit.SECTORS, 0L, 0L, 2199023255552L, RangeCheck.AT_PARSE)),
  ON_IO_ERROR(
      Section.DISK, "on-io-error", word("detach", "pass_on", "call-local-io-error", "detach")),
  FENCING(
      Section.DISK,
      "fencing",
      word("dont-care", "dont-care", "resource-only", "resource-and-stonith")),
  DISK_BARRIER(Section.DISK, "disk-barrier", flag(false)),
  DISK_FLUSHES(Section.DISK, "disk-flushes", flag(true)),
  DISK_DRAIN(Section.DISK, "disk-drain", flag(true)),
  MD_FLUSHES(Section.DISK, "md-flushes", flag(true)),
  MAX_BIO_BVECS(Section.DISK, "max-bio-bvecs", number(Unit.ONE, 0L, 0L, 128L, RangeCheck.AT_START)),
  RESYNC_RATE(
      Section.DISK, "resync-rate", number(Unit.KIB, 250L, 1L, 4194304L, RangeCheck.AT_PARSE)),
  RESYNC_AFTER(Section.DISK, "resync-after", string()),
  AL_EXTENTS(Section.DISK, "al-extents", number(Unit.ONE, 1237L, 67L, 65534L, RangeCheck.AT_START)),
  AL_UPDATES(Section.DISK, "al-updates", flag(true)),
  DISCARD_ZEROES_IF_ALIGNED(Section.DISK, "discard-zeroes-if-aligned", flag(true)),
  DISABLE_WRITE_SAME(Section.DISK, "disable-write-same", flag(false)),
  C_PLAN_AHEAD(Section.DISK, "c-plan-ahead", number(Unit.ONE, 20L, 0L, 300L, RangeCheck.AT_PARSE)),
  C_DELAY_TARGET(
      Section.DISK, "c-delay-target", number(Unit.ONE, 10L, 1L, 100L, RangeCheck.AT_PARSE)),
  C_FILL_TARGET(
      Section.DISK, "c-fill-target", number(Unit.SECTORS, 100L, 0L, 1048576L, RangeCheck.AT_PARSE)),
  C_MAX_RATE(
      Section.DISK, "c-max-rate", number(Unit.KIB, 102400L, 250L, 4194304L, RangeCheck.AT_PARSE)),
  C_MIN_RATE(Section.DISK, "c-min-rate", number(Unit.KIB, 250L, 0L, 4194304L, RangeCheck.AT_PARSE)),
  DISK_TIMEOUT(Section.DISK, "disk-timeout", number(Unit.ONE, 0L, 0L, 6000L, RangeCheck.AT_START)),
  READ_BALANCING(
      Section.DISK,
      "read-balancing",
      word(
          "prefer-local",
          "prefer-local",
          "prefer-remote",
          "round-robin",
          "least-pending",
          "when-congested-remote",
          "32K-striping",
          "64K-striping",
          "128K-striping",
          "256K-striping",
          "512K-striping",
          "1M-striping")),
  RS_DISCARD_GRANULARITY(
      Section.DISK,
      "rs-discard-granularity",
      number(Unit.ONE, 0L, 0L, 1048576L, RangeCheck.AT_START)),
  USE_BMBV(Section.DISK, "use-bmbv", flag(false)),
  PROTOCOL(Section.NET, "protocol", word("C", "A", "B", "C")),
  TIMEOUT(Section.NET, "timeout", number(Unit.ONE, 60L, 1L, 600L, RangeCheck.AT_PARSE)),
  CONNECT_INT(Section.NET, "connect-int", number(Unit.ONE, 10L, 1L, 120L, RangeCheck.AT_PARSE)),
  PING_INT(Section.NET, "ping-int", number(Unit.ONE, 10L, 1L, 120L, RangeCheck.AT_PARSE)),
  PING_TIMEOUT(Section.NET, "ping-timeout", number(Unit.ONE, 5L, 1L, 300L, RangeCheck.AT_START)),
  MAX_EPOCH_SIZE(
      Section.NET, "max-epoch-size", number(Unit.ONE, 2048L, 1L, 20000L, RangeCheck.AT_PARSE)),
  MAX_BUFFERS(
      Section.NET, "max-buffers", number(Unit.ONE, 2048L, 32L, 131072L, RangeCheck.AT_PARSE)),
  UNPLUG_WATERMARK(
      Section.NET, "unplug-watermark", number(Unit.ONE, 128L, 1L, 131072L, RangeCheck.AT_START)),
  SNDBUF_SIZE(Section.NET, "sndbuf-size", number(Unit.ONE, 0L, 0L, 10485760L, RangeCheck.AT_PARSE)),
  RCVBUF_SIZE(Section.NET, "rcvbuf-size", number(Unit.ONE, 0L, 0L, 10485760L, RangeCheck.AT_PARSE)),
  KO_COUNT(Section.NET, "ko-count", number(Unit.ONE, 7L, 0L, 200L, RangeCheck.AT_PARSE)),
  ALLOW_TWO_PRIMARIES(Section.NET, "allow-two-primaries", flag(false)),
  CRAM_HMAC_ALG(Section.NET, "cram-hmac-alg", string()),
  SHARED_SECRET(Section.NET, "shared-secret", string()),
  AFTER_SB_0PRI(
      Section.NET,
      "after-sb-0pri",
      word(
          "disconnect",
          "disconnect",
          "discard-younger-primary",
          "discard-older-primary",
          "discard-zero-changes",
          "discard-least-changes",
          "discard-local",
          "discard-remote")),
  AFTER_SB_1PRI(
      Section.NET,
      "after-sb-1pri",
      word(
          "disconnect",
          "disconnect",
          "consensus",
          "violently-as0p",
          "discard-secondary",
          "call-pri-lost-after-sb")),
  AFTER_SB_2PRI(
      Section.NET,
      "after-sb-2pri",
      word("disconnect", "disconnect", "violently-as0p", "call-pri-lost-after-sb")),
  ALWAYS_ASBP(Section.NET, "always-asbp", flag(false)),
  RR_CONFLICT(
      Section.NET, "rr-conflict", word("disconnect", "disconnect", "violently", "call-pri-lost")),
  DATA_INTEGRITY_ALG(Section.NET, "data-integrity-alg", string()),
  TCP_CORK(Section.NET, "tcp-cork", flag(true)),
  ON_CONGESTION(Section.NET, "on-congestion", word("block", "block", "pull-ahead", "disconnect")),
  CONGESTION_FILL(
      Section.NET, "congestion-fill", number(Unit.SECTORS, 0L, 0L, 20971520L, RangeCheck.AT_PARSE)),
  CONGESTION_EXTENTS(
      Section.NET, "congestion-extents", number(Unit.ONE, 1237L, 67L, 65534L, RangeCheck.AT_PARSE)),
  CSUMS_ALG(Section.NET, "csums-alg", string()),
  CSUMS_AFTER_CRASH_ONLY(Section.NET, "csums-after-crash-only", flag(false)),
  VERIFY_ALG(Section.NET, "verify-alg", string()),
  USE_RLE(Section.NET, "use-rle", flag(true)),
  SOCKET_CHECK_TIMEOUT(
      Section.NET, "socket-check-timeout", number(Unit.ONE, 0L, 0L, 300L, RangeCheck.AT_START)),
  WFC_TIMEOUT(
      Section.STARTUP, "wfc-timeout", number(Unit.ONE, 0L, 0L, 300000L, RangeCheck.AT_PARSE)),
  DEGR_WFC_TIMEOUT(
      Section.STARTUP, "degr-wfc-timeout", number(Unit.ONE, 0L, 0L, 300000L, RangeCheck.AT_PARSE)),
  OUTDATED_WFC_TIMEOUT(
      Section.STARTUP,
      "outdated-wfc-timeout",
      number(Unit.ONE, 0L, 0L, 300000L, RangeCheck.AT_PARSE)),
  WAIT_AFTER_SB(Section.STARTUP, "wait-after-sb", flag(false)),
  STACKED_TIMEOUTS(Section.STARTUP, "stacked-timeouts", flag(false)),
  BECOME_PRIMARY_ON(Section.STARTUP, "become-primary-on", string()),
  PRI_ON_INCON_DEGR(Section.HANDLERS, "pri-on-incon-degr", string()),
  PRI_LOST_AFTER_SB(Section.HANDLERS, "pri-lost-after-sb", string()),
  PRI_LOST(Section.HANDLERS, "pri-lost", string()),
  FENCE_PEER(Section.HANDLERS, "fence-peer", string()),
  UNFENCE_PEER(Section.HANDLERS, "unfence-peer", string()),
  LOCAL_IO_ERROR(Section.HANDLERS, "local-io-error", string()),
  INITIAL_SPLIT_BRAIN(Section.HANDLERS, "initial-split-brain", string()),
  SPLIT_BRAIN(Section.HANDLERS, "split-brain", string()),
  BEFORE_RESYNC_TARGET(Section.HANDLERS, "before-resync-target", string()),
  AFTER_RESYNC_TARGET(Section.HANDLERS, "after-resync-target", string()),
  BEFORE_RESYNC_SOURCE(Section.HANDLERS, "before-resync-source", string()),
  OUT_OF_SYNC(Section.HANDLERS, "out-of-sync", string());

  /// Where an option stands in a resource or in `global`.
  public enum Section {
    GLOBAL("global"),
    OPTIONS("options"),
    DISK("disk"),
    NET("net"),
    STARTUP("startup"),
    HANDLERS("handlers");

    private final String word;

    Section(String word) {
      this.word = word;
    }

    /// The keyword in the file.
    public String word() {
      return word;
    }
  }

  /// What a number without a suffix counts.
  public enum Unit {
    ONE(1),
    KIB(1024),
    SECTORS(512);

    private final int bytes;

    Unit(int bytes) {
      this.bytes = bytes;
    }

    /// A number as drbdsetup takes it, in this unit: plain, or with K, M, G or s; empty if it is
    /// none.
    public OptionalLong parse(String text) {
      return Numbers.parse(text, this);
    }

    /// Divisor of a suffixed value: 1, 1024 or 512.
    public int bytes() {
      return bytes;
    }
  }

  /// When a number outside the range is refused: by the parser, or only when the resource starts.
  public enum RangeCheck {
    AT_PARSE,
    AT_START
  }

  /// What values an option takes.
  public sealed interface Type {
    /// A count in the option's unit.
    record Number(Unit unit, long defaultValue, long min, long max, RangeCheck check)
        implements Type {}

    /// `opt;`, `opt yes;`, `opt no;`.
    record Flag(boolean defaultValue) implements Type {}

    /// One of a few words.
    record Word(String defaultValue, List<String> words) implements Type {}

    /// Free text; empty when not set.
    record Text() implements Type {}
  }

  private final Section section;
  private final String word;
  private final Type type;

  Option(Section section, String word, Type type) {
    this.section = section;
    this.word = word;
    this.type = type;
  }

  public Section section() {
    return section;
  }

  /// The option's name as drbd.conf spells it.
  public String word() {
    return word;
  }

  public Type type() {
    return type;
  }

  /// What a number of this option counts, as drbdsetup names it; empty for plain counts and words.
  public String counted() {
    return switch (this) {
      case SIZE, C_FILL_TARGET, SNDBUF_SIZE, RCVBUF_SIZE, CONGESTION_FILL -> "bytes";
      case RESYNC_RATE, C_MAX_RATE, C_MIN_RATE -> "bytes/second";
      case C_PLAN_AHEAD, C_DELAY_TARGET, DISK_TIMEOUT, TIMEOUT, PING_TIMEOUT -> "1/10 seconds";
      case CONNECT_INT, PING_INT -> "seconds";
      default -> "";
    };
  }

  /// The longest text that drbdadm reads, bytes.
  public int bytesMax() {
    return switch (this) {
      case CRAM_HMAC_ALG, SHARED_SECRET, DATA_INTEGRITY_ALG, CSUMS_ALG, VERIFY_ALG -> 63;
      case CPU_MASK -> 31;
      default -> Integer.MAX_VALUE;
    };
  }

  /// The option of a section with that name.
  public static Optional<Option> of(Section section, String word) {
    for (Option option : values()) {
      if (option.section == section && option.word.equals(word)) {
        return Optional.of(option);
      }
    }
    return Optional.empty();
  }

  /// Whether the text is a number that the option takes, with or without a suffix.
  public static boolean isNumber(Option option, String text) {
    return option.type instanceof Type.Number type
        && Numbers.parse(text, type.unit()).stream()
            .anyMatch(number -> number >= type.min() && number <= type.max());
  }

  private static Type number(Unit unit, long defaultValue, long min, long max, RangeCheck check) {
    return new Type.Number(unit, defaultValue, min, max, check);
  }

  private static Type flag(boolean defaultValue) {
    return new Type.Flag(defaultValue);
  }

  private static Type word(String defaultValue, String... words) {
    return new Type.Word(defaultValue, List.of(words));
  }

  private static Type string() {
    return new Type.Text();
  }
}
