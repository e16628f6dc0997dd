package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.cli.client.NodeLine;
import org.twincore.cli.client.ShStatus;
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
      console.say(ShStatus.unconfigured(minor));
      return;
    }
    console.say(ShStatus.of(found.get()));
  }
}
