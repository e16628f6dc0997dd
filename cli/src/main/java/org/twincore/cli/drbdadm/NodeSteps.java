package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.ResourceView;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.VolumeDefinition;

/// The commands that are given no resource and ask the node about all: `sh-status` and
/// `wait-con-int`.
final class NodeSteps {
  private final Invocation invocation;
  private final NodeConfiguration all;
  private final NodeLine node;
  private final StepRunner runner;
  private final Console console;
  private final InputStream in;

  NodeSteps(
      Invocation invocation,
      NodeConfiguration all,
      NodeLine node,
      StepRunner runner,
      Console console,
      InputStream in) {
    this.invocation = invocation;
    this.all = all;
    this.node = node;
    this.runner = runner;
    this.console = console;
    this.in = in;
  }

  int run() throws UsageException, IOException {
    return switch (invocation.command()) {
      case SH_STATUS -> status();
      case WAIT_CON_INT -> waitForAll();
      default -> throw new IllegalStateException(invocation.command() + " is for a resource");
    };
  }

  private int waitForAll() throws UsageException {
    Invocation waiting =
        new Invocation(
            Command.WAIT_CONNECT,
            Command.WAIT_CONNECT.word(),
            List.of("all"),
            invocation.handedOn(),
            invocation.flags());
    List<AdminRequest.Await> waits = new ArrayList<>();
    for (Target target : Target.all(all, waiting)) {
      for (Step step : new ResourceSteps(waiting, all).of(target)) {
        if (invocation.flags().dryRun()) {
          runner.run(step);
        } else if (step instanceof Step.Ask(var _, AdminRequest.Await wait)
            && !waits.contains(wait)) {
          waits.add(wait);
        }
      }
    }
    long refresh = all.configuration().global().values(Section.GLOBAL).num(Option.DIALOG_REFRESH);
    return new WaitDialogue(console, node, in, refresh).run(waits);
  }

  private int status() throws IOException {
    if (!invocation.flags().dryRun()) {
      console.say("_drbd_version=9.22.0\n_drbd_api=1");
      console.say(
          "_config_file=" + CommandLine.shown(List.of(all.configuration().file())) + "\n\n");
    }
    for (NodeResource resource : all.resources()) {
      if (resource.isIgnored()) {
        continue;
      }
      console.say("_conf_res_name=" + resource.name());
      console.say("_conf_file_line=" + resource.definition().at().fileLine() + "\n");
      stackedOn(resource);
      for (VolumeDefinition volume : resource.local().volumes()) {
        console.say("_conf_volume=" + volume.number());
        volumeStatus(volume);
      }
    }
    return 0;
  }

  private void stackedOn(NodeResource resource) {
    String lower = resource.local().lower().orElse("");
    Optional<VolumeDefinition> below =
        all.local(lower).flatMap(one -> one.local().volumes().stream().findFirst());
    console.say("_stacked_on=" + lower);
    console.say("_stacked_on_device=" + below.map(VolumeDefinition::deviceName).orElse(""));
    console.say(
        "_stacked_on_minor="
            + below.map(volume -> Integer.toString(volume.minor().orElse(-1))).orElse(""));
  }

  private void volumeStatus(VolumeDefinition volume) throws IOException {
    int minor = volume.minor().orElse(-1);
    if (invocation.flags().dryRun()) {
      console.say(
          CommandLine.shown(
              CommandLine.setup(
                  List.of("sh-status", Integer.toString(minor)), invocation.handedOn())));
      return;
    }
    Optional<NodeLine.VolumeInNode> found = node.volume(minor);
    if (found.isEmpty()) {
      console.say("_minor=" + minor + "\n_known=Unconfigured\n\n_sh_status_process\n");
      return;
    }
    VolumeView view = found.get().volume();
    ResourceView.Suspension suspension = view.suspension();
    boolean suspended = suspension.user() || suspension.noData() || suspension.fencing();
    console.say(
        """
        _minor=%d
        _res_name=%s
        _volume=%d
        _known=Configured
        _cstate=%s
        _role=%s
        _peer=%s
        _disk=%s
        _pdsk=%s
        _flags_susp=%s
        _flags_aftr_isp=%s
        _flags_peer_isp=%s
        _flags_user_isp=%s
        _resynced_percent=%s

        _sh_status_process
        """
            .formatted(
                minor,
                CommandLine.shown(List.of(found.get().resource().name())),
                view.volume(),
                view.connection(),
                view.role(),
                view.peerRole(),
                view.disk(),
                view.peerDisk(),
                suspended ? "1" : "",
                suspension.resyncAfter() ? "1" : "",
                suspension.resyncPeer() ? "1" : "",
                suspension.resyncUser() ? "1" : "",
                percent(view)));
  }

  private static String percent(VolumeView view) {
    if (view.progress().isEmpty()) {
      return "";
    }
    ResourceView.ProgressView progress = view.progress().getFirst();
    long permille = 1000 - progress.leftBlocks() * 1000 / Math.max(1, progress.totalBlocks());
    return permille / 10 + "." + permille % 10;
  }
}
