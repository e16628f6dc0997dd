package org.twincore.cli.overview;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.client.NodeSocket;

/// `drbd-overview`: a row for each volume of the node, as DRBD 8.4's tool prints it.
///
/// Exit codes: 0 done, also when no node runs (it says `drbd not loaded`, as the original does); 20
/// a wrong command line or an answer that is none.
public final class DrbdOverview {
  private static final int FAILED = 20;
  private static final String USAGE =
      """
      USAGE: drbd-overview [--node NAME]
      Prints a row for each volume: minor:resource/volume, connection, roles, disks,
      and where it is mounted; below it how far a resync is.
      """;

  private DrbdOverview() {}

  /// Runs one command line; returns its exit code.
  public static int run(String[] args, Map<String, String> env, PrintStream out, PrintStream err) {
    List<String> words = List.of(args);
    if (words.contains("--help") || words.contains("-h")) {
      out.print(USAGE);
      return 0;
    }
    Optional<String> node = Optional.empty();
    for (int at = 0; at < words.size(); at++) {
      boolean names = words.get(at).equals("--node") && at + 1 < words.size();
      if (names) {
        at++;
        node = Optional.of(words.get(at));
      } else if (!words.get(at).equals("-d")) {
        err.println("drbd-overview: '" + words.get(at) + "' is unknown");
        err.print(USAGE);
        return FAILED;
      }
    }
    try (AdminClient client = AdminClient.connect(NodeSocket.of(node, env))) {
      AdminRequest request =
          new AdminRequest.Report(ReportKind.OVERVIEW, Optional.empty(), List.of());
      if (client.ask(request) instanceof AdminAnswer.Text(String text)) {
        out.print(text);
        return 0;
      }
      err.println("the node gave an answer of the wrong kind");
      return FAILED;
    } catch (IOException _) {
      out.println("drbd not loaded");
      return 0;
    }
  }
}
