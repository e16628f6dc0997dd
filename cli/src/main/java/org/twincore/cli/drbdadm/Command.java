package org.twincore.cli.drbdadm;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.drbd.config.Option;

/// The commands of drbdadm: their words, what they work on, and the options of their own.
enum Command {
  ATTACH("attach", Scope.VOLUME, Group.DAILY, Option.Section.DISK),
  STATUS("status", Scope.OPTIONAL, Group.DAILY, "json", "verbose", "statistics"),
  DISK_OPTIONS("disk-options", Scope.VOLUME, Group.DAILY, Option.Section.DISK, "set-defaults"),
  DETACH("detach", Scope.VOLUME, Group.DAILY, "force"),
  CONNECT(
      "connect",
      Scope.RESOURCE,
      Group.DAILY,
      Option.Section.NET,
      "tentative",
      "discard-my-data",
      "alternate-address=",
      "alternate-peer-address="),
  NET_OPTIONS("net-options", Scope.RESOURCE, Group.DAILY, Option.Section.NET, "set-defaults"),
  DISCONNECT("disconnect", Scope.RESOURCE, Group.DAILY, "force"),
  UP("up", Scope.EITHER, Group.DAILY),
  RESOURCE_OPTIONS(
      "resource-options", Scope.RESOURCE, Group.DAILY, Option.Section.OPTIONS, "set-defaults"),
  DOWN("down", Scope.RESOURCE, Group.DAILY),
  PRIMARY("primary", Scope.VOLUME, Group.DAILY, "force"),
  SECONDARY("secondary", Scope.VOLUME, Group.DAILY),
  INVALIDATE("invalidate", Scope.VOLUME, Group.DAILY),
  INVALIDATE_REMOTE("invalidate-remote", Scope.VOLUME, Group.DAILY),
  OUTDATE("outdate", Scope.VOLUME, Group.DAILY),
  RESIZE(
      "resize",
      Scope.VOLUME,
      Group.DAILY,
      "size=",
      "assume-clean",
      "assume-peer-has-space",
      "al-stripes=",
      "al-stripe-size-kB="),
  VERIFY("verify", Scope.VOLUME, Group.DAILY, "start=", "stop="),
  PAUSE_SYNC("pause-sync", Scope.VOLUME, Group.DAILY),
  RESUME_SYNC("resume-sync", Scope.VOLUME, Group.DAILY),
  ADJUST("adjust", Scope.RESOURCE, Group.DAILY),
  ADJUST_WITH_PROGRESS("adjust-with-progress", Scope.RESOURCE, Group.DAILY, "minors"),
  WAIT_CONNECT("wait-connect", Scope.VOLUME, Group.DAILY, waitOptions()),
  WAIT_CON_INT("wait-con-int", Scope.NONE, Group.DAILY),
  ROLE("role", Scope.VOLUME, Group.DAILY),
  CSTATE("cstate", Scope.VOLUME, Group.DAILY),
  DSTATE("dstate", Scope.VOLUME, Group.DAILY),
  DUMP("dump", Scope.OPTIONAL, Group.DAILY),
  DUMP_XML("dump-xml", Scope.OPTIONAL, Group.DAILY),
  CREATE_MD("create-md", Scope.VOLUME, Group.DAILY, "force"),
  SHOW_GI("show-gi", Scope.VOLUME, Group.DAILY),
  GET_GI("get-gi", Scope.VOLUME, Group.DAILY),
  DUMP_MD("dump-md", Scope.VOLUME, Group.DAILY, "force"),
  WIPE_MD("wipe-md", Scope.VOLUME, Group.DAILY, "force"),
  APPLY_AL("apply-al", Scope.VOLUME, Group.DAILY),
  HIDDEN_COMMANDS("hidden-commands", Scope.NONE, Group.DAILY),
  WAIT_SYNC("wait-sync", Scope.VOLUME, Group.DAILY, waitOptions()),
  PROC("proc", Scope.NONE, Group.DAILY, "verbose", "statistics", "service"),
  // What Debian's tool does not have stands behind what it has.
  WHY("why", Scope.EITHER, Group.DAILY, "json"),
  VERIFY_REPORT("verify-report", Scope.RESOURCE, Group.DAILY, "json"),
  REPAIR("repair", Scope.VOLUME, Group.DAILY, "source="),
  UNDO_SPLIT_BRAIN(
      "undo-split-brain",
      Scope.EITHER,
      Group.DAILY,
      "json",
      "image=",
      "restore",
      "stop",
      "forget",
      "force"),
  SH_NOP("sh-nop", Scope.NONE, Group.SHELL),
  SH_RESOURCES("sh-resources", Scope.NONE, Group.SHELL),
  SH_RESOURCE("sh-resource", Scope.RESOURCE, Group.SHELL),
  SH_MOD_PARMS("sh-mod-parms", Scope.NONE, Group.SHELL),
  SH_DEV("sh-dev", Scope.VOLUME, Group.SHELL),
  SH_UDEV("sh-udev", Scope.ONE_VOLUME, Group.SHELL),
  SH_MINOR("sh-minor", Scope.VOLUME, Group.SHELL),
  SH_LL_DEV("sh-ll-dev", Scope.VOLUME, Group.SHELL),
  SH_MD_DEV("sh-md-dev", Scope.VOLUME, Group.SHELL),
  SH_MD_IDX("sh-md-idx", Scope.VOLUME, Group.SHELL),
  SH_IP("sh-ip", Scope.VOLUME, Group.SHELL),
  SH_LR_OF("sh-lr-of", Scope.RESOURCE, Group.SHELL),
  SH_B_PRI("sh-b-pri", Scope.VOLUME, Group.SHELL),
  SH_STATUS("sh-status", Scope.NONE, Group.SHELL),
  PROXY_UP("proxy-up", Scope.RESOURCE, Group.SHELL),
  PROXY_DOWN("proxy-down", Scope.RESOURCE, Group.SHELL),
  NEW_RESOURCE("new-resource", Scope.RESOURCE, Group.SHELL),
  BEFORE_RESYNC_TARGET("before-resync-target", Scope.ONE_VOLUME, Group.HANDLER),
  AFTER_RESYNC_TARGET("after-resync-target", Scope.ONE_VOLUME, Group.HANDLER),
  BEFORE_RESYNC_SOURCE("before-resync-source", Scope.ONE_VOLUME, Group.HANDLER),
  PRI_ON_INCON_DEGR("pri-on-incon-degr", Scope.ONE_VOLUME, Group.HANDLER),
  PRI_LOST_AFTER_SB("pri-lost-after-sb", Scope.ONE_VOLUME, Group.HANDLER),
  FENCE_PEER("fence-peer", Scope.RESOURCE, Group.HANDLER),
  UNFENCE_PEER("unfence-peer", Scope.RESOURCE, Group.HANDLER),
  LOCAL_IO_ERROR("local-io-error", Scope.ONE_VOLUME, Group.HANDLER),
  PRI_LOST("pri-lost", Scope.ONE_VOLUME, Group.HANDLER),
  INITIAL_SPLIT_BRAIN("initial-split-brain", Scope.ONE_VOLUME, Group.HANDLER),
  SPLIT_BRAIN("split-brain", Scope.ONE_VOLUME, Group.HANDLER, "json", "with="),
  OUT_OF_SYNC("out-of-sync", Scope.ONE_VOLUME, Group.HANDLER),
  SH_NEW_MINOR("sh-new-minor", Scope.VOLUME, Group.EXPERT),
  NEW_MINOR("new-minor", Scope.VOLUME, Group.EXPERT),
  SUSPEND_IO("suspend-io", Scope.VOLUME, Group.EXPERT),
  RESUME_IO("resume-io", Scope.VOLUME, Group.EXPERT),
  SET_GI("set-gi", Scope.ONE_VOLUME, Group.EXPERT),
  NEW_CURRENT_UUID("new-current-uuid", Scope.ONE_VOLUME, Group.EXPERT, "clear-bitmap"),
  CHECK_RESIZE("check-resize", Scope.VOLUME, Group.EXPERT),
  /// Without a word on the command line `word` of the invocation is empty.
  HELP("help", Scope.NONE, Group.OWN),
  /// The option `--version`.
  VERSION("version", Scope.NONE, Group.OWN);

  /// The words of earlier versions, with those of today.
  static final Map<String, String> OLD_NAMES =
      Map.of("state", "role", "outdate-peer", "fence-peer");

  /// What a command is given.
  enum Scope {
    /// Resources, each one as a whole.
    RESOURCE,
    /// Volumes: one, or all of a resource.
    VOLUME,
    /// A volume must be named where there are several.
    ONE_VOLUME,
    /// A resource or a volume, as it comes.
    EITHER,
    /// Resources, or nothing for all.
    OPTIONAL,
    /// Nothing.
    NONE
  }

  /// Where the help lists a command.
  enum Group {
    DAILY,
    SHELL,
    HANDLER,
    EXPERT,
    /// Nowhere: about the tool itself.
    OWN
  }

  private final String word;
  private final Scope scope;
  private final Group group;
  private final Optional<Option.Section> section;
  private final List<String> own;

  Command(String word, Scope scope, Group group, String... own) {
    this(word, scope, group, Optional.empty(), own);
  }

  Command(String word, Scope scope, Group group, Option.Section section, String... own) {
    this(word, scope, group, Optional.of(section), own);
  }

  Command(String word, Scope scope, Group group, Optional<Option.Section> section, String... own) {
    this.word = word;
    this.scope = scope;
    this.group = group;
    this.section = section;
    this.own = List.of(own);
  }

  private static String[] waitOptions() {
    return new String[] {"wfc-timeout=", "degr-wfc-timeout=", "outdated-wfc-timeout="};
  }

  String word() {
    return word;
  }

  Scope scope() {
    return scope;
  }

  Group group() {
    return group;
  }

  /// The section whose options the command takes as its own.
  Optional<Option.Section> section() {
    return section;
  }

  /// Further options; those that need a value end with `=`.
  List<String> own() {
    return own;
  }

  /// Whether drbdmeta alone carries it out, which checks its own options.
  boolean isMetadata() {
    return switch (this) {
      case CREATE_MD, DUMP_MD, WIPE_MD, APPLY_AL, SET_GI -> true;
      default -> false;
    };
  }

  /// The command of that word, old spellings included.
  static Optional<Command> of(String word) {
    String today = OLD_NAMES.getOrDefault(word, word);
    for (Command command : values()) {
      if (command.word.equals(today)) {
        return Optional.of(command);
      }
    }
    return Optional.empty();
  }
}
