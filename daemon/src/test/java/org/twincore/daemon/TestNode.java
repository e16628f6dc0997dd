package org.twincore.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Result;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.admin.settings.SettingsParser;

/// A whole node in this process: its socket `NAME.sock` and its exports `NAME.nbd` in a folder, and
/// as many resources of one volume as are asked for, on disks of noise.
final class TestNode implements AutoCloseable {
  private static final int DISK_BYTES = 2 << 20;

  private final Path folder;
  private final String name;
  private final int id;
  private final Node node;
  private final AdminTestClient client;

  /// `id` is the place of the node among the two.
  TestNode(Path folder, String name, int id) throws Exception {
    this.folder = folder;
    this.name = name;
    this.id = id;
    this.node =
        new Node(
            name,
            new NodeFolders(folder, folder),
            SettingsParser.parse("test", List.of("nbd-listen = unix:" + nbd()), name));
    this.client = AdminTestClient.connect(socket());
  }

  Path socket() {
    return folder.resolve(name + ".sock");
  }

  Path nbd() {
    return folder.resolve(name + ".nbd");
  }

  AdminAnswer ask(AdminRequest request) throws Exception {
    return client.ask(request);
  }

  /// The number that a refusal has.
  int number(AdminRequest request) throws Exception {
    return ((Result) client.ask(request)).number();
  }

  void done(AdminRequest request) throws Exception {
    AdminAnswer answer = client.ask(request);
    assertThat(answer)
        .as(request.toString())
        .matches(it -> it instanceof Result result && result.isSuccess());
  }

  /// Resource `rN` with volume 0 at minor N, attached; the ports are this node's and its peer's.
  void up(int number, List<Integer> ports, Map<String, String> diskOptions) throws Exception {
    String resource = "r" + number;
    String disk = TestDisk.make(folder.resolve(name + number), DISK_BYTES).toString();
    done(new AdminRequest.NewResource(resource, Map.of(), Map.of()));
    done(new AdminRequest.NewMinor(resource, number, 0));
    done(new AdminRequest.Attach(number, disk, disk, "internal", diskOptions));
    connect(number, ports);
  }

  void connect(int number, List<Integer> ports) throws Exception {
    done(
        new AdminRequest.Connect(
            "r" + number,
            "ipv4:127.0.0.1:" + ports.get(id),
            "ipv4:127.0.0.1:" + ports.get(1 - id),
            "peer",
            id,
            Map.of(),
            false,
            false));
  }

  VolumeView volume(int number) throws Exception {
    AdminAnswer answer = client.ask(new AdminRequest.Status(Optional.of("r" + number)));
    return ((AdminAnswer.Status) answer).resources().getFirst().volumes().getFirst();
  }

  void await(int number, AdminRequest.Goal goal) throws Exception {
    assertThat(number(new AdminRequest.Await("r" + number, goal, 60, 60, 60))).isZero();
  }

  @Override
  public void close() throws IOException {
    client.close();
    assertThat(node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
  }
}
