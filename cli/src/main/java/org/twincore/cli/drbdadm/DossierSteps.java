package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.twincore.admin.AdminRequest;

/// The step of `split-brain RES`: what is known of a split brain.
///
/// DRBD has the same word for the program of the handlers section, which its kernel module asks for
/// as `split-brain minor-N`, and a dry run shows: both stay as they are.
final class DossierSteps {
  private static final int REFUSED = 20;
  private static final int BYTES_MAX = 1 << 20;
  private static final String MINOR = "minor-";
  private static final String STANDARD_INPUT = "-";

  private final Invocation invocation;

  DossierSteps(Invocation invocation) {
    this.invocation = invocation;
  }

  static boolean isWanted(Invocation invocation) {
    return invocation.command() == Command.SPLIT_BRAIN
        && !invocation.flags().dryRun()
        && invocation.resources().stream().noneMatch(name -> name.startsWith(MINOR));
  }

  Step of(Target target) throws UsageException {
    String name = target.resource().name();
    String with = invocation.value("with").orElse("");
    return new Step.Ask(
        CommandLine.setup(List.of(invocation.command().word(), name), invocation.handedOn()),
        new AdminRequest.Dossier(
            name,
            target.volumes().getFirst().number(),
            invocation.has("json") ? AdminRequest.Layout.JSON : AdminRequest.Layout.TEXT,
            with.isEmpty() ? "" : read(with)));
  }

  private static String read(String with) throws UsageException {
    try {
      byte[] bytes =
          with.equals(STANDARD_INPUT)
              ? System.in.readNBytes(BYTES_MAX + 1)
              : Files.readAllBytes(Path.of(with));
      if (bytes.length > BYTES_MAX) {
        throw UsageException.of(
            "split-brain --with=" + with + ": more than " + BYTES_MAX + " bytes", REFUSED);
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw UsageException.of(
          "split-brain --with=" + with + ": cannot read it: " + unreadable.getMessage(), REFUSED);
    }
  }
}
