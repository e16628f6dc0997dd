package org.twincore.cli.drbdsetup;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.client.NodeSocket;

/// `drbdsetup status`, `events2` and `show`: asks the node and prints its answer.
///
/// Exit codes: 0 done, 10 no such resource, 20 no node or a wrong command line.
public final class Drbdsetup {
  private static final int FAILED = 20;
  private final PrintStream out;
  private final PrintStream err;

  private Drbdsetup(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /// Runs one command line; returns its exit code.
  public static int run(String[] args, Map<String, String> env, PrintStream out, PrintStream err) {
    try {
      return new Drbdsetup(out, err).run(List.of(args), env);
    } finally {
      out.flush();
      err.flush();
    }
  }

  private int run(List<String> args, Map<String, String> env) {
    List<String> words = new ArrayList<>();
    List<ReportOption> options = new ArrayList<>();
    Optional<String> node = Optional.empty();
    boolean json = false;
    boolean isHelp = false;
    for (int i = 0; i < args.size(); i++) {
      String word = args.get(i);
      switch (word) {
        case "--verbose" -> options.add(ReportOption.VERBOSE);
        case "--statistics" -> options.add(ReportOption.STATISTICS);
        case "--timestamps" -> options.add(ReportOption.TIMESTAMPS);
        case "--now" -> options.add(ReportOption.NOW);
        case "--color", "--color=always" -> options.add(ReportOption.COLOR);
        case "--color=never", "--color=auto", "--show-defaults" -> {}
        case "--json" -> json = true;
        case "--node" -> {
          i++;
          node = i < args.size() ? Optional.of(args.get(i)) : Optional.empty();
        }
        case "--help", "-h" -> isHelp = true;
        case "--version", "-V" -> {
          out.print(SetupUsage.VERSION);
          return 0;
        }
        default -> {
          if (word.startsWith("-")) {
            err.println("drbdsetup: unrecognized option '" + word + "'");
            return FAILED;
          }
          words.add(word);
        }
      }
    }
    if (isHelp) {
      words.addFirst("help");
    }
    if (words.isEmpty()) {
      out.print(SetupUsage.GENERAL);
      return FAILED;
    }
    if (words.getFirst().equals("help")) {
      return help(words);
    }
    if (words.size() > 2) {
      err.println("drbdsetup: '" + words.get(2) + "' is one word too many");
      return FAILED;
    }
    Optional<String> resource =
        words.size() == 2 && !words.get(1).equals("all")
            ? Optional.of(words.get(1))
            : Optional.empty();
    AdminRequest request;
    switch (words.getFirst()) {
      case "status" ->
          request =
              new AdminRequest.Report(
                  json ? ReportKind.JSON : ReportKind.STATUS, resource, options);
      case "show" -> request = new AdminRequest.Report(ReportKind.SHOW, resource, options);
      case "events2" -> request = new AdminRequest.Subscribe(resource, options);
      default -> {
        out.print(SetupUsage.GENERAL);
        err.println("\n" + SetupUsage.unknown(words.getFirst()));
        return FAILED;
      }
    }
    try (AdminClient client = AdminClient.connect(NodeSocket.of(node, env))) {
      client.send(request);
      return tell(client, resource);
    } catch (IOException e) {
      err.println(e.getMessage());
      return FAILED;
    }
  }

  /// As DRBD's: 0 for the help of a command, 20 for anything else.
  private int help(List<String> words) {
    Optional<String> about = words.size() < 2 ? Optional.empty() : SetupUsage.of(words.get(1));
    out.print(about.orElse(SetupUsage.GENERAL));
    if (words.size() > 1 && about.isEmpty()) {
      err.println("\nunknown command");
    }
    return about.isPresent() ? 0 : FAILED;
  }

  private int tell(AdminClient client, Optional<String> resource) throws IOException {
    while (true) {
      switch (client.receive()) {
        case AdminAnswer.Text(String text) -> {
          out.print(text);
          return 0;
        }
        case AdminAnswer.Line(String text) -> {
          out.println(text);
          out.flush();
        }
        case AdminAnswer.End _ -> {
          return 0;
        }
        case AdminAnswer.Result result -> {
          err.println(resource.map(name -> name + ": ").orElse("") + result.text());
          return result.exitCode();
        }
        case AdminAnswer.Failed(String text) -> {
          err.println(text);
          return FAILED;
        }
        case AdminAnswer.Status _, AdminAnswer.Info _ -> {
          err.println("the node gave an answer of the wrong kind");
          return FAILED;
        }
      }
    }
  }
}
