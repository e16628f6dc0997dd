package org.twincore.cli.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.ResourceView;

/// The connection to the node, made at the first question.
public final class NodeLine implements AutoCloseable {
  private final Path socket;
  private @Nullable AdminClient client;

  public NodeLine(Optional<String> node, Map<String, String> environment) {
    this.socket = NodeSocket.of(node, environment);
  }

  private NodeLine(Path socket) {
    this.socket = socket;
  }

  /// A connection of its own to the same node, for another thread.
  public NodeLine another() {
    return new NodeLine(socket);
  }

  public AdminAnswer ask(AdminRequest request) throws IOException {
    return client().ask(request);
  }

  /// As [#ask(AdminRequest)]; empty if the node does not answer within so many seconds (0: it may
  /// take for ever).
  public Optional<AdminAnswer> ask(AdminRequest request, long seconds) throws IOException {
    if (seconds == 0) {
      return Optional.of(ask(request));
    }
    Optional<AdminAnswer> answer = client().ask(request, seconds);
    if (answer.isEmpty()) {
      client = null;
    }
    return answer;
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
  public boolean isThere() {
    try {
      client();
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// A resource as the node has it; empty if it has none of that name.
  public Optional<ResourceView> resource(String name) throws IOException {
    return ask(new AdminRequest.Status(Optional.of(name)))
            instanceof AdminAnswer.Status(List<ResourceView> resources)
        ? resources.stream().findFirst()
        : Optional.empty();
  }

  /// The volume with that minor, with its resource; empty if the node has none.
  public Optional<VolumeInNode> volume(int minor) throws IOException {
    for (ResourceView resource : resources()) {
      for (ResourceView.VolumeView volume : resource.volumes()) {
        if (volume.minor() == minor) {
          return Optional.of(new VolumeInNode(resource, volume));
        }
      }
    }
    return Optional.empty();
  }

  /// The resource whose connection has these ends, spelled as `ipv4:A:PORT`; empty without one.
  public Optional<ResourceView> connection(String local, String peer) throws IOException {
    return resources().stream()
        .filter(it -> it.localAddress().equals(local) && it.peerAddress().equals(peer))
        .findFirst();
  }

  /// All resources of the node.
  public List<ResourceView> resources() throws IOException {
    return ask(new AdminRequest.Status(Optional.empty()))
            instanceof AdminAnswer.Status(List<ResourceView> resources)
        ? resources
        : List.of();
  }

  /// A volume and its resource as a node has them.
  public record VolumeInNode(ResourceView resource, ResourceView.VolumeView volume) {}

  @Override
  public void close() throws IOException {
    AdminClient open = client;
    if (open != null) {
      open.close();
    }
  }
}
