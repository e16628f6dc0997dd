package org.twincore.cli.drbdsetup;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.ResourceView;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.client.NodeLine;
import org.twincore.cli.client.NodeSocket;
import org.twincore.cli.client.ShStatus;
import org.twincore.cli.client.VolumeAnswers;
import org.twincore.cli.drbdmeta.GenerationLegend;

/// `drbdsetup`: one command line, one request to the node, in the words of DRBD 8.4's.
///
/// Exit codes (drbd-status section 7): 0 done, 5 waited in vain, 10 a configuration was refused, 11
/// to 17 a state change was refused, 20 no node or a wrong command line.
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
      return new Drbdsetup(out, err).run(new ArrayList<>(List.of(args)), env);
    } finally {
      out.flush();
      err.flush();
    }
  }

  private int run(List<String> words, Map<String, String> env) {
    Optional<String> node = leadingNode(words);
    String first = words.isEmpty() ? "" : words.getFirst();
    switch (first) {
      case "-V", "--version" -> {
        out.print(SetupHelp.VERSION);
        return 0;
      }
      case "help", "-h", "--help", "xml-help" -> {
        return help(words);
      }
      default -> {}
    }
    Optional<SetupCommand> command = SetupCommand.of(first);
    if (command.isEmpty() && words.size() > 1) {
      // The order of words of DRBD 8.3: the device, then the command.
      command = SetupCommand.of(words.get(1));
      if (command.isPresent()) {
        words.set(1, first);
      }
    }
    if (command.isEmpty()) {
      out.print(SetupHelp.general());
      if (!first.isEmpty()) {
        err.println("invalid command");
      }
      return FAILED;
    }
    List<String> rest = words.subList(1, words.size());
    if (rest.contains("--help") || rest.contains("-h")) {
      out.print(SetupHelp.of(command.get()));
      return 0;
    }
    return carryOut(command.get(), rest, node, env);
  }

  /// Takes `--node NAME` away from in front of the command.
  private static Optional<String> leadingNode(List<String> words) {
    if (words.size() > 1 && words.getFirst().equals("--node")) {
      words.removeFirst();
      return Optional.of(words.removeFirst());
    }
    return words.isEmpty() || !words.getFirst().startsWith("--node=")
        ? Optional.empty()
        : Optional.of(words.removeFirst().substring("--node=".length()));
  }

  /// As DRBD's: 0 for the help of a command, 20 for anything else.
  private int help(List<String> words) {
    Optional<SetupCommand> about =
        words.size() < 2 ? Optional.empty() : SetupCommand.of(words.get(1));
    boolean isXml = words.getFirst().equals("xml-help");
    out.print(
        about
            .map(it -> isXml ? SetupHelp.xml(it) : SetupHelp.of(it))
            .orElseGet(SetupHelp::general));
    if (words.size() > 1 && about.isEmpty()) {
      err.println("unknown command");
    }
    return about.isPresent() ? 0 : FAILED;
  }

  private int carryOut(
      SetupCommand command, List<String> words, Optional<String> node, Map<String, String> env) {
    String object = command.word();
    try {
      SetupLine line = SetupLine.parse(command, words);
      object = line.arguments().isEmpty() ? "all" : line.arguments().getFirst();
      if (command == SetupCommand.EVENTS) {
        err.println("events is the stream of DRBD 8.3; 'drbdsetup events2' has all that it said");
        return FAILED;
      }
      Optional<String> asked = line.node().or(() -> node);
      try (NodeLine connection = new NodeLine(asked, env)) {
        SetupRequests requests = new SetupRequests(line, connection);
        return switch (command) {
          case STATE, ROLE, CSTATE, DSTATE, SHOW_GI, GET_GI, CHECK_RESIZE ->
              query(command, requests.volume().volume());
          case SH_STATUS -> shStatus(line, connection);
          default -> ask(requests.request(), NodeSocket.of(asked, env), object);
        };
      }
    } catch (SetupLine.WrongLine wrong) {
      err.println(wrong.getMessage());
      return FAILED;
    } catch (SetupRequests.RefusedLine refused) {
      SetupRequests.Refused why = refused.refused();
      return complain(object, new AdminAnswer.Result(Kind.CONFIG, why.number(), why.text()));
    } catch (IOException e) {
      err.println(e.getMessage());
      return FAILED;
    }
  }

  private int ask(AdminRequest request, Path socket, String object) throws IOException {
    try (AdminClient client = AdminClient.connect(socket)) {
      client.send(request);
      return tell(client, object);
    }
  }

  private int query(SetupCommand command, ResourceView.VolumeView volume) {
    switch (command) {
      case STATE -> {
        err.println("'state' is the old word for 'role'");
        out.println(VolumeAnswers.role(volume));
      }
      case ROLE -> out.println(VolumeAnswers.role(volume));
      case CSTATE -> out.println(VolumeAnswers.connection(volume));
      case DSTATE -> out.println(VolumeAnswers.disks(volume));
      case GET_GI, SHOW_GI -> {
        if (VolumeAnswers.isDiskless(volume)) {
          return complain(
              Integer.toString(volume.minor()),
              new AdminAnswer.Result(Kind.CONFIG, 138, "Device does not have a disk-config"));
        }
        String line = VolumeAnswers.generations(volume);
        if (command == SetupCommand.GET_GI) {
          out.println(line);
        } else {
          GenerationLegend.print(out, line);
        }
      }
      // The node itself remembers how large a disk is, at each attach.
      case CHECK_RESIZE -> {}
      default -> throw new IllegalStateException(command.word());
    }
    return 0;
  }

  private int shStatus(SetupLine line, NodeLine node) throws IOException {
    String word = line.arguments().isEmpty() ? "all" : line.arguments().getFirst();
    boolean isFound = false;
    for (ResourceView resource : node.resources()) {
      for (ResourceView.VolumeView volume : resource.volumes()) {
        if (word.equals("all")
            || word.equals(resource.name())
            || word.equals(Integer.toString(volume.minor()))) {
          out.print(ShStatus.of(new NodeLine.VolumeInNode(resource, volume)) + "\n");
          isFound = true;
        }
      }
    }
    if (!isFound && word.matches("[0-9]{1,7}")) {
      out.print(ShStatus.unconfigured(Integer.parseInt(word)) + "\n");
    }
    return 0;
  }

  private int tell(AdminClient client, String object) throws IOException {
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
          return result.isSuccess() ? 0 : complain(object, result);
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

  private int complain(String object, AdminAnswer.Result result) {
    switch (result.kind()) {
      case STATE ->
          err.printf("%s: State change failed: (%d) %s%n", object, result.number(), result.text());
      case CONFIG -> err.printf("%s: Failure: (%d) %s%n", object, result.number(), result.text());
      case WAIT -> {
        if (!result.text().isEmpty()) {
          err.println(result.text());
        }
      }
    }
    return result.exitCode();
  }
}
