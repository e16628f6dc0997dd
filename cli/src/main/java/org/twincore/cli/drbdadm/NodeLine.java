package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.ResourceView;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.client.NodeSocket;

/// The connection to the node, made at the first question.
final class NodeLine implements AutoCloseable {
  private final Path socket;
  private @Nullable AdminClient client;

  NodeLine(Optional<String> node, Map<String, String> environment) {
    this.socket = NodeSocket.of(node, environment);
  }

  private NodeLine(Path socket) {
    this.socket = socket;
  }

  /// A connection of its own to the same node, for another thread.
  NodeLine another() {
    return new NodeLine(socket);
  }

  AdminAnswer ask(AdminRequest request) throws IOException {
    return client().ask(request);
  }

  private AdminClient client() throws IOException {
    AdminClient open = client;
    if (open == null) {
      open = AdminClient.connect(socket);
      client = open;
    }
    return open;
  }

  /// Whether a node answers.
  boolean isThere() {
    try {
      client();
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// A resource as the node has it; empty if it has none of that name.
  Optional<ResourceView> resource(String name) throws IOException {
    return ask(new AdminRequest.Status(Optional.of(name)))
            instanceof AdminAnswer.Status(java.util.List<ResourceView> resources)
        ? resources.stream().findFirst()
        : Optional.empty();
  }

  /// The volume with that minor, with its resource; empty if the node has none.
  Optional<VolumeInNode> volume(int minor) throws IOException {
    AdminAnswer answer = ask(new AdminRequest.Status(Optional.empty()));
    if (answer instanceof AdminAnswer.Status(java.util.List<ResourceView> resources)) {
      for (ResourceView resource : resources) {
        for (ResourceView.VolumeView volume : resource.volumes()) {
          if (volume.minor() == minor) {
            return Optional.of(new VolumeInNode(resource, volume));
          }
        }
      }
    }
    return Optional.empty();
  }

  /// A volume and its resource as a node has them.
  record VolumeInNode(ResourceView resource, ResourceView.VolumeView volume) {}

  @Override
  public void close() throws IOException {
    AdminClient open = client;
    if (open != null) {
      open.close();
    }
  }
}
