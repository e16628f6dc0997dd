package org.twincore.cli.drbdsetup;

import java.util.List;
import java.util.Optional;

/// The help texts of drbdsetup, in the layout of DRBD 8.4's.
final class SetupUsage {
  static final String GENERAL =
      """

      USAGE: drbdsetup command arguments options

      Commands are:
          status              events2             show

      To get more details about a command issue 'drbdsetup help cmd'.
      What changes a resource is a command of drbdadm.

      """;

  static final String VERSION =
      """
      DRBDSETUP_BUILDTAG=twincore\\ 0.1.0
      DRBDSETUP_API_VERSION=1
      DRBD_KERNEL_VERSION_CODE=0x08040b
      DRBDSETUP_VERSION_CODE=0x091600
      DRBDSETUP_VERSION=9.22.0
      """;

  private static final String STATUS =
      """
      USAGE:
       drbdsetup status [resource|all] [--verbose] [--statistics] [--json] [--color=...]
          [--node NAME]

      Prints the state of all resources, or of one.

      EXAMPLE:
       drbdsetup status r0 --verbose --statistics
       drbdsetup status --json
      """;

  private static final String EVENTS2 =
      """
      USAGE:
       drbdsetup events2 [resource|all] [--timestamps] [--statistics] [--now]
          [--node NAME]

      Prints the state as lines, then a line for each change, for ever; with --now only the state.

      EXAMPLE:
       drbdsetup events2 --timestamps
       drbdsetup events2 r0 --now
      """;

  private static final String SHOW =
      """
      USAGE:
       drbdsetup show [resource|all] [--show-defaults] [--node NAME]

      Prints what runs with which options. The secret is among them.

      EXAMPLE:
       drbdsetup show r0
      """;

  /// What DRBD's drbdsetup has beside those.
  private static final List<String> OF_DRBDADM =
      List.of(
          "primary",
          "secondary",
          "attach",
          "disk-options",
          "detach",
          "connect",
          "net-options",
          "disconnect",
          "resize",
          "resource-options",
          "new-current-uuid",
          "invalidate",
          "invalidate-remote",
          "pause-sync",
          "resume-sync",
          "suspend-io",
          "resume-io",
          "outdate",
          "verify",
          "down",
          "state",
          "role",
          "sh-status",
          "cstate",
          "dstate",
          "show-gi",
          "get-gi",
          "check-resize",
          "wait-connect",
          "wait-sync",
          "new-resource",
          "new-minor");

  private SetupUsage() {}

  static Optional<String> of(String command) {
    return switch (command) {
      case "status" -> Optional.of(STATUS);
      case "events2" -> Optional.of(EVENTS2);
      case "show" -> Optional.of(SHOW);
      default -> Optional.empty();
    };
  }

  /// What is wrong with a command that is not one of ours.
  static String unknown(String command) {
    return OF_DRBDADM.contains(command)
        ? "invalid command: 'drbdadm " + command + " RESOURCE' does it here"
        : "invalid command";
  }
}
