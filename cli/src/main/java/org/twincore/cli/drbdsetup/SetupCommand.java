package org.twincore.cli.drbdsetup;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Option;

/// The commands of DRBD 8.4's drbdsetup: their words, arguments and options.
enum SetupCommand {
  PRIMARY("primary", List.of("minor"), SetupOption.flag("force")),
  SECONDARY("secondary", List.of("minor")),
  ATTACH(
      "attach",
      List.of("minor", "lower_dev", "meta_data_dev", "meta_data_index"),
      Option.Section.DISK),
  DISK_OPTIONS(
      "disk-options", List.of("minor"), Option.Section.DISK, SetupOption.nothing("set-defaults")),
  DETACH("detach", List.of("minor"), SetupOption.flag("force")),
  CONNECT(
      "connect",
      List.of("resource", "local_addr", "remote_addr"),
      Option.Section.NET,
      SetupOption.flag("tentative"),
      SetupOption.flag("discard-my-data"),
      SetupOption.address("alternate-address"),
      SetupOption.address("alternate-peer-address")),
  NET_OPTIONS(
      "net-options",
      List.of("local_addr", "remote_addr"),
      Option.Section.NET,
      SetupOption.nothing("set-defaults")),
  DISCONNECT("disconnect", List.of("local_addr", "remote_addr"), SetupOption.flag("force")),
  RESIZE(
      "resize",
      List.of("minor"),
      SetupOption.of(Option.SIZE),
      SetupOption.flag("assume-peer-has-space"),
      SetupOption.flag("assume-clean"),
      SetupOption.number("al-stripes", Option.Unit.ONE, 1, 1, 1024, ""),
      SetupOption.number("al-stripe-size-kB", Option.Unit.KIB, 32, 4, 16777216, "")),
  RESOURCE_OPTIONS(
      "resource-options",
      List.of("resource"),
      Option.Section.OPTIONS,
      SetupOption.nothing("set-defaults")),
  NEW_CURRENT_UUID("new-current-uuid", List.of("minor"), SetupOption.flag("clear-bitmap")),
  INVALIDATE("invalidate", List.of("minor")),
  INVALIDATE_REMOTE("invalidate-remote", List.of("minor")),
  PAUSE_SYNC("pause-sync", List.of("minor")),
  RESUME_SYNC("resume-sync", List.of("minor")),
  SUSPEND_IO("suspend-io", List.of("minor")),
  RESUME_IO("resume-io", List.of("minor")),
  OUTDATE("outdate", List.of("minor")),
  VERIFY("verify", List.of("minor"), sectors("start"), sectors("stop")),
  DOWN("down", List.of("resource")),
  STATE("state", List.of("minor")),
  ROLE("role", List.of("minor")),
  SH_STATUS("sh-status", List.of("resource|minor|all")),
  CSTATE("cstate", List.of("minor")),
  DSTATE("dstate", List.of("minor")),
  SHOW_GI("show-gi", List.of("minor")),
  GET_GI("get-gi", List.of("minor")),
  SHOW("show", List.of("resource|minor|all"), SetupOption.nothing("show-defaults")),
  STATUS(
      "status",
      List.of("resource|all"),
      SetupOption.nothing("verbose"),
      SetupOption.nothing("statistics"),
      SetupOption.nothing("json"),
      SetupOption.loose("color")),
  CHECK_RESIZE("check-resize", List.of("minor")),
  EVENTS("events", List.of("resource|minor|all")),
  EVENTS2(
      "events2",
      List.of("resource|all"),
      SetupOption.nothing("timestamps"),
      SetupOption.nothing("statistics"),
      SetupOption.nothing("now")),
  WAIT_CONNECT("wait-connect", List.of("minor"), waits()),
  WAIT_SYNC("wait-sync", List.of("minor"), waits()),
  NEW_RESOURCE("new-resource", List.of("resource"), Option.Section.OPTIONS),
  NEW_MINOR("new-minor", List.of("resource", "minor", "volume")),
  DEL_MINOR("del-minor", List.of("minor")),
  DEL_RESOURCE("del-resource", List.of("resource"));

  private final String word;
  private final List<String> arguments;
  private final Optional<Option.Section> section;
  private final List<SetupOption> own;

  SetupCommand(String word, List<String> arguments, SetupOption... own) {
    this(word, arguments, Optional.empty(), own);
  }

  SetupCommand(String word, List<String> arguments, Option.Section section, SetupOption... own) {
    this(word, arguments, Optional.of(section), own);
  }

  SetupCommand(
      String word, List<String> arguments, Optional<Option.Section> section, SetupOption... own) {
    this.word = word;
    this.arguments = arguments;
    this.section = section;
    this.own = List.of(own);
  }

  private static SetupOption sectors(String name) {
    SetupOption.Value.Number size = (SetupOption.Value.Number) SetupOption.of(Option.SIZE).value();
    return SetupOption.number(name, Option.Unit.SECTORS, 0, 0, size.max(), "bytes");
  }

  private static SetupOption[] waits() {
    return new SetupOption[] {
      SetupOption.loose("wfc-timeout"),
      SetupOption.loose("degr-wfc-timeout"),
      SetupOption.loose("outdated-wfc-timeout"),
      SetupOption.loose("wait-after-sb")
    };
  }

  String word() {
    return word;
  }

  /// What the words behind the command are, each one or one of several by `|`.
  List<String> arguments() {
    return arguments;
  }

  /// Whether the argument may be left out, for all.
  boolean isAboutAll() {
    return arguments.getFirst().endsWith("all");
  }

  /// Its options: first its own, then those of its drbd.conf section.
  List<SetupOption> options() {
    List<SetupOption> all = new ArrayList<>(own);
    section.ifPresent(it ->
        Arrays.stream(Option.values())
            .filter(option -> option.section() == it && isTaken(option))
            .map(SetupOption::of)
            .forEach(all::add));
    return all;
  }

  /// What only attaching can settle is no option of a running disk.
  private boolean isTaken(Option option) {
    return switch (option) {
      case USE_BMBV -> false;
      case SIZE, MAX_BIO_BVECS -> this != DISK_OPTIONS;
      default -> true;
    };
  }

  /// The options that are no rows of drbd.conf's table.
  boolean isOwn(String name) {
    return own.stream().anyMatch(option -> option.name().equals(name));
  }

  /// The command of that word.
  static Optional<SetupCommand> of(String word) {
    return Arrays.stream(values()).filter(command -> command.word.equals(word)).findFirst();
  }
}
