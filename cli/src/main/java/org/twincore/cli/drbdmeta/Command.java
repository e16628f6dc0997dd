package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The commands, in the order of the usage text.
enum Command {
  GET_GI("get-gi", "", Access.READS, GenerationCommands::get, Invocation.NODE_ID),
  SHOW_GI("show-gi", "", Access.READS, GenerationCommands::show, Invocation.NODE_ID),
  SET_GI("set-gi", "C:B:H0:H1:flags", Access.WRITES, GenerationCommands::set, Invocation.NODE_ID),
  DUMP_MD("dump-md", "", Access.READS, DumpCommands::dump),
  RESTORE_MD(
      "restore-md",
      "[--al-stripes N] [--al-stripe-size-kB N] FILE",
      Access.WRITES,
      DumpCommands::restore,
      Invocation.AL_STRIPES,
      Invocation.AL_STRIPE_SIZE),
  VERIFY_DUMP("verify-dump", "FILE", Access.NONE, DumpCommands::verify),
  APPLY_AL("apply-al", "", Access.WRITES, StateCommands::applyLog),
  WIPE_MD("wipe-md", "", Access.WRITES, StateCommands::wipe),
  OUTDATE("outdate", "", Access.WRITES, StateCommands::outdate),
  INVALIDATE("invalidate", "", Access.WRITES, StateCommands::invalidate),
  DSTATE("dstate", "", Access.READS, StateCommands::diskState),
  CHECK_RESIZE("check-resize", "", Access.WRITES, ResizeCommands::checkResize),
  CREATE_MD(
      "create-md",
      "[--peer-max-bio-size N] [--al-stripes N] [--al-stripe-size-kB N]",
      Access.WRITES,
      CreateMd::run,
      Invocation.PEER_MAX_BIO_SIZE,
      Invocation.AL_STRIPES,
      Invocation.AL_STRIPE_SIZE),
  READ_DEV_UUID("read-dev-uuid", "", Access.READS, StateCommands::readDeviceUuid),
  WRITE_DEV_UUID("write-dev-uuid", "UUID", Access.WRITES, StateCommands::writeDeviceUuid);

  /// What a command does to the disk.
  enum Access {
    /// It does not even open it.
    NONE,
    READS,
    WRITES
  }

  /// A command's work; the exit code.
  interface Work {
    int run(Session session) throws IOException, ToolFailure;
  }

  private final String word;
  private final String usage;
  private final Access access;
  private final Work work;
  private final List<String> options;

  Command(String word, String usage, Access access, Work work, String... options) {
    this.word = word;
    this.usage = usage;
    this.access = access;
    this.work = work;
    this.options = List.of(options);
  }

  static Optional<Command> named(String word) {
    return Arrays.stream(values()).filter(command -> command.word.equals(word)).findFirst();
  }

  String word() {
    return word;
  }

  /// Word and arguments, for the usage text.
  String synopsis() {
    return usage.isEmpty() ? word : word + " " + usage;
  }

  Access access() {
    return access;
  }

  List<String> options() {
    return options;
  }

  /// How many words may follow the command's.
  int argumentsMax() {
    return switch (this) {
      case SET_GI, RESTORE_MD, VERIFY_DUMP, WRITE_DEV_UUID -> 1;
      default -> 0;
    };
  }

  int run(Session session) throws IOException, ToolFailure {
    return work.run(session);
  }
}
