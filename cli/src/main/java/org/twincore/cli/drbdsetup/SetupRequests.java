package org.twincore.cli.drbdsetup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.admin.AdminRequest.VolumeVerb;
import org.twincore.admin.ResourceView;
import org.twincore.cli.client.NodeLine;
import org.twincore.drbd.config.Option;

/// Which request to the node a command line is. The node is asked for the resource of a minor or of
/// a pair of addresses where the request wants its name.
final class SetupRequests {
  /// Numbers of the kernel's answers, with its words.
  record Refused(int number, String text) {
    static final Refused NO_MINOR = new Refused(127, "Device minor not allocated");
    static final Refused NO_CONNECTION = new Refused(162, "unknown connection");
  }

  /// A command line that the node is not asked because of its answer to an earlier question.
  static final class RefusedLine extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Refused refused;

    RefusedLine(Refused refused) {
      super(refused.text());
      this.refused = refused;
    }

    Refused refused() {
      return refused;
    }
  }

  private final SetupLine line;
  private final NodeLine node;

  SetupRequests(SetupLine line, NodeLine node) {
    this.line = line;
    this.node = node;
  }

  AdminRequest request() throws IOException, SetupLine.WrongLine, RefusedLine {
    return switch (line.command()) {
      case PRIMARY -> new AdminRequest.Primary(minor(), line.has("force"));
      case SECONDARY -> change(VolumeVerb.SECONDARY);
      case INVALIDATE -> change(VolumeVerb.INVALIDATE);
      case INVALIDATE_REMOTE -> change(VolumeVerb.INVALIDATE_REMOTE);
      case PAUSE_SYNC -> change(VolumeVerb.PAUSE_SYNC);
      case RESUME_SYNC -> change(VolumeVerb.RESUME_SYNC);
      case SUSPEND_IO -> change(VolumeVerb.SUSPEND_IO);
      case RESUME_IO -> change(VolumeVerb.RESUME_IO);
      case OUTDATE -> change(VolumeVerb.OUTDATE);
      case DEL_MINOR -> change(VolumeVerb.DELETE_MINOR);
      case ATTACH -> attach();
      case DISK_OPTIONS ->
          new AdminRequest.DiskOptions(minor(), line.sectionOptions(), line.has("set-defaults"));
      case DETACH -> new AdminRequest.Detach(minor(), line.has("force"));
      case CONNECT -> connect();
      case NET_OPTIONS ->
          new AdminRequest.NetOptions(connected(), line.sectionOptions(), line.has("set-defaults"));
      case DISCONNECT -> new AdminRequest.Disconnect(connected(), line.has("force"));
      case RESIZE -> resize();
      case RESOURCE_OPTIONS ->
          new AdminRequest.ResourceOptions(
              resource(), line.sectionOptions(), null, line.has("set-defaults"));
      case NEW_CURRENT_UUID -> new AdminRequest.NewCurrentUuid(minor(), line.has("clear-bitmap"));
      case VERIFY ->
          new AdminRequest.Verify(
              minor(),
              line.number("start", AdminRequest.Verify.NOT_GIVEN),
              line.number("stop", AdminRequest.Verify.NOT_GIVEN));
      case DOWN -> new AdminRequest.Down(resource());
      case NEW_RESOURCE ->
          new AdminRequest.NewResource(resource(), line.sectionOptions(), Map.of());
      case NEW_MINOR ->
          new AdminRequest.NewMinor(resource(), minor(1), number(line.arguments().get(2)));
      case DEL_RESOURCE -> new AdminRequest.DeleteResource(resource());
      case WAIT_CONNECT -> await(AdminRequest.Goal.CONNECTED);
      case WAIT_SYNC -> await(AdminRequest.Goal.SYNCED);
      case STATUS -> new AdminRequest.Report(kind(), named(), options());
      case SHOW -> new AdminRequest.Report(ReportKind.SHOW, named(), options());
      case EVENTS2 -> new AdminRequest.Subscribe(named(), options());
      case STATE, ROLE, SH_STATUS, CSTATE, DSTATE, SHOW_GI, GET_GI, CHECK_RESIZE, EVENTS ->
          throw new IllegalStateException(line.command().word() + " is no request");
    };
  }

  private AdminRequest change(VolumeVerb verb) throws SetupLine.WrongLine {
    return new AdminRequest.Change(verb, minor());
  }

  private AdminRequest attach() throws SetupLine.WrongLine {
    List<String> arguments = line.arguments();
    String index = arguments.get(3);
    if (!index.matches("internal|flexible|[0-9]{1,9}")) {
      throw new SetupLine.WrongLine(
          "meta_data_index: '" + index + "' is not internal, flexible or a number");
    }
    return new AdminRequest.Attach(
        minor(), arguments.get(1), arguments.get(2), index, line.sectionOptions());
  }

  private AdminRequest connect() throws SetupLine.WrongLine {
    String local = address(1);
    String peer = address(2);
    return new AdminRequest.Connect(
        resource(),
        local,
        peer,
        "peer",
        SetupAddress.nodeId(local, peer),
        line.sectionOptions(),
        line.has("discard-my-data"),
        line.has("tentative"));
  }

  private AdminRequest resize() throws SetupLine.WrongLine {
    return new AdminRequest.Resize(
        minor(),
        line.number(Option.SIZE.word(), 0),
        line.has("assume-clean"),
        line.has("assume-peer-has-space"),
        (int) line.number("al-stripes", 0),
        (int) line.number("al-stripe-size-kB", 0));
  }

  private AdminRequest await(AdminRequest.Goal goal)
      throws IOException, SetupLine.WrongLine, RefusedLine {
    NodeLine.VolumeInNode found = volume();
    return new AdminRequest.Await(
        found.resource().name(),
        found.volume().volume(),
        goal,
        line.number(Option.WFC_TIMEOUT.word(), 0),
        line.number(Option.DEGR_WFC_TIMEOUT.word(), 0),
        line.number(Option.OUTDATED_WFC_TIMEOUT.word(), 0),
        line.has(Option.WAIT_AFTER_SB.word()));
  }

  /// The volume of the minor that the line names.
  NodeLine.VolumeInNode volume() throws IOException, SetupLine.WrongLine, RefusedLine {
    return node.volume(minor()).orElseThrow(() -> new RefusedLine(Refused.NO_MINOR));
  }

  private ReportKind kind() {
    return line.has("json") ? ReportKind.JSON : ReportKind.STATUS;
  }

  private List<ReportOption> options() {
    List<ReportOption> options = new ArrayList<>();
    if (line.has("verbose")) {
      options.add(ReportOption.VERBOSE);
    }
    if (line.has("statistics")) {
      options.add(ReportOption.STATISTICS);
    }
    if (line.has("timestamps")) {
      options.add(ReportOption.TIMESTAMPS);
    }
    if (line.has("now")) {
      options.add(ReportOption.NOW);
    }
    if (line.has("show-defaults")) {
      options.add(ReportOption.DEFAULTS);
    }
    if (line.value("color", "never").equals("always")) {
      options.add(ReportOption.COLOR);
    }
    return options;
  }

  /// The resource that is asked about, by its name or by one of its minors; empty for all.
  private Optional<String> named() throws IOException {
    if (line.arguments().isEmpty() || line.arguments().getFirst().equals("all")) {
      return Optional.empty();
    }
    String word = line.arguments().getFirst();
    Optional<String> ofMinor =
        line.command() == SetupCommand.SHOW && isMinor(word)
            ? node.volume(minorOf(word)).map(it -> it.resource().name())
            : Optional.empty();
    return ofMinor.or(() -> Optional.of(word));
  }

  private String resource() throws SetupLine.WrongLine {
    String name = line.arguments().getFirst();
    if (name.equals("all")) {
      throw new SetupLine.WrongLine("command does not accept argument 'all'");
    }
    return name;
  }

  private String address(int place) throws SetupLine.WrongLine {
    String text = line.arguments().get(place);
    return SetupAddress.canonical(text)
        .orElseThrow(() ->
            new SetupLine.WrongLine(
                "'" + text + "' is no address: [ipv4:]A.B.C.D[:PORT] or [ipv6:][A][:PORT]"));
  }

  /// The resource of the connection between the two addresses that the line begins with.
  private String connected() throws IOException, SetupLine.WrongLine, RefusedLine {
    return node.connection(address(0), address(1))
        .map(ResourceView::name)
        .orElseThrow(() -> new RefusedLine(Refused.NO_CONNECTION));
  }

  int minor() throws SetupLine.WrongLine {
    return minor(0);
  }

  private int minor(int place) throws SetupLine.WrongLine {
    String word = line.arguments().get(place);
    if (!isMinor(word)) {
      throw new SetupLine.WrongLine("Cannot determine minor device number of '" + word + "'");
    }
    return minorOf(word);
  }

  private static boolean isMinor(String word) {
    return word.matches("((/dev/)?drbd|minor-)?[0-9]{1,7}");
  }

  private static int minorOf(String word) {
    return Integer.parseInt(word.replaceFirst("^\\D*", ""));
  }

  private static int number(String word) throws SetupLine.WrongLine {
    if (!word.matches("[0-9]{1,7}")) {
      throw new SetupLine.WrongLine("'" + word + "' is no number of a volume");
    }
    return Integer.parseInt(word);
  }
}
