package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.ResourceConfig;
import org.twincore.drbd.config.Setting;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.VolumeDefinition;

/// Runs of the programs in the handlers section, with the variables that they know.
final class HandlerSteps {
  private HandlerSteps() {}

  /// The handler that the command names; nothing if the file has none.
  static List<Step> of(Invocation invocation, NodeConfiguration all, Target target) {
    Optional<Setting> handler =
        target.resource().definition().options(Section.HANDLERS).first(invocation.command().word());
    if (handler.isEmpty()) {
      return List.of();
    }
    return List.of(new Step.Handler(handler.get().text(), environment(invocation, all, target)));
  }

  private static List<String> environment(
      Invocation invocation, NodeConfiguration all, Target target) {
    ResourceConfig config = ResourceConfig.of(target.resource(), invocation.flags().peer());
    List<String> variables = new ArrayList<>();
    variables.add("DRBD_CONF=" + all.configuration().file());
    variables.add("DRBD_RESOURCE=" + config.name());
    variables.add(
        "DRBD_MINOR=" + joined(target, volume -> Integer.toString(volume.minor().orElse(-1))));
    variables.add("DRBD_VOLUME=" + joined(target, volume -> Integer.toString(volume.number())));
    variables.add("DRBD_LL_DISK=" + joined(target, volume -> volume.disk().orElse("")));
    variables.add("DRBD_MY_AF=" + config.address().family());
    variables.add("DRBD_MY_ADDRESS=" + config.address().address());
    config
        .peer()
        .ifPresent(peer -> {
          variables.add("DRBD_PEER=" + String.join(" ", peer.names()));
          variables.add("DRBD_PEERS=" + String.join(" ", peer.names()));
          variables.add("DRBD_PEER_AF=" + peer.address().family());
          variables.add("DRBD_PEER_ADDRESS=" + peer.address().address());
        });
    return List.copyOf(variables);
  }

  private static String joined(Target target, Function<VolumeDefinition, String> each) {
    return target.volumes().stream().map(each).collect(Collectors.joining(" "));
  }
}
