package org.twincore.daemon.resource;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.twincore.admin.ResourceView;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// What a handler program finds in its environment (drbd-config section 4, handlers;
/// docs/handlers.md has the table). The path of drbd.conf comes with the programs.
final class HandlerVariables {
  private HandlerVariables() {}

  /// For a call about that volume. A handler that is about the peer as a whole gets all volumes,
  /// with blanks between.
  static Map<String, String> of(ResourceNode node, VolumeStatus volume, String handler) {
    boolean isOfPeer = handler.equals("fence-peer") || handler.equals("unfence-peer");
    List<VolumeStatus> volumes = isOfPeer ? node.reported().status().volumes() : List.of(volume);
    TreeMap<String, String> variables = new TreeMap<>();
    variables.put("DRBD_RESOURCE", node.name());
    variables.put("DRBD_MINOR", joined(volumes, it -> Integer.toString(it.minor())));
    variables.put("DRBD_VOLUME", joined(volumes, it -> Integer.toString(it.volume())));
    variables.put("DRBD_LL_DISK", joined(volumes, it -> disk(node, it.volume())));
    node.wiring().ifPresent(wiring -> addEnds(variables, node, wiring));
    return variables;
  }

  private static void addEnds(Map<String, String> variables, ResourceNode node, Wiring wiring) {
    int own = wiring.nodeId();
    variables.put("DRBD_MY_AF", family(wiring.localText()));
    variables.put("DRBD_MY_ADDRESS", wiring.local().getAddress().getHostAddress());
    variables.put("DRBD_MY_NODE_ID", Integer.toString(own));
    variables.put("DRBD_NODE_ID_" + own, node.nodeName());
    variables.put("DRBD_PEER", wiring.peerName());
    variables.put("DRBD_PEERS", wiring.peerName());
    variables.put("DRBD_PEER_AF", family(wiring.peerText()));
    variables.put("DRBD_PEER_ADDRESS", wiring.peer().getAddress().getHostAddress());
    variables.put("DRBD_PEER_NODE_ID", Integer.toString(1 - own));
    variables.put("DRBD_NODE_ID_" + (1 - own), wiring.peerName());
  }

  /// The disk that was attached last; of a volume that never had one `none`.
  private static String disk(ResourceNode node, int volume) {
    return node.volume(volume)
        .flatMap(VolumeNode::paths)
        .map(ResourceView.Paths::disk)
        .orElse("none");
  }

  private static String family(String text) {
    return text.substring(0, text.indexOf(':'));
  }

  private static String joined(List<VolumeStatus> volumes, Function<VolumeStatus, String> each) {
    return volumes.stream().map(each).collect(Collectors.joining(" "));
  }
}
