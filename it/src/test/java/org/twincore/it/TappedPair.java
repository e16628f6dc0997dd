package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.twincore.host.net.FreePorts;
import org.twincore.testkit.PcapFile;
import org.twincore.testkit.PcapWriter;

/// Two real nodes `a` and `b` of a resource `r0`, each dialling the other through a [WireTap]: all
/// that they say to each other ends in a capture file.
final class TappedPair implements AutoCloseable {
  final NodeProcess a;
  final NodeProcess b;

  private final Path folder;
  private final PcapWriter writer;
  private final WireTap toA;
  private final WireTap toB;
  private final InetSocketAddress atA;
  private final InetSocketAddress atB;

  /// Starts both nodes on fresh disks of that size, up and looking for each other; `net` is the
  /// text of the net section.
  TappedPair(Path folder, long diskBytes, String net) throws IOException {
    this(folder, diskBytes, net, "", "");
  }

  /// The same; each node has lines of its own in its settings file.
  TappedPair(Path folder, long diskBytes, String net, String settingsOfA, String settingsOfB)
      throws IOException {
    this.folder = folder;
    List<Integer> ports = FreePorts.find(2);
    atA = loopback(ports.get(0));
    atB = loopback(ports.get(1));
    writer = new PcapWriter(folder.resolve("traffic.pcap"));
    toA = new WireTap(atA, writer);
    toB = new WireTap(atB, writer);
    a = node("a", diskBytes, config("a", net, atA.getPort(), toB.address().getPort()));
    b = node("b", diskBytes, config("b", net, toA.address().getPort(), atB.getPort()));
    a.settings(settingsOfA);
    b.settings(settingsOfB);
    try {
      up(a);
      up(b);
    } catch (IOException | AssertionError failed) {
      close();
      throw failed;
    }
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
  }

  /// Where `a` listens.
  InetSocketAddress addressOfA() {
    return atA;
  }

  /// From now on `a` reaches itself where it thinks that its peer is.
  void reflectA() throws IOException {
    toB.redirect(atA);
    cut();
  }

  void reflectNoMore() throws IOException {
    toB.redirect(atB);
    cut();
  }

  Path disk(String name) {
    return folder.resolve(name + ".disk");
  }

  /// The same resource, but for the ports, which lead through the tap to the other node.
  private Path config(String name, String net, int portA, int portB) throws IOException {
    return Files.writeString(
        folder.resolve(name + ".conf"),
        """
        resource r0 {
          net { %s }
          disk { resync-rate 100M; c-min-rate 50M; }
          on a { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
          on b { device /dev/drbd1; disk %s; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(net, disk("a"), portA, disk("b"), portB));
  }

  private NodeProcess node(String name, long diskBytes, Path config) throws IOException {
    try (RandomAccessFile made = new RandomAccessFile(disk(name).toFile(), "rw")) {
      made.setLength(diskBytes);
    }
    return new NodeProcess(name, folder.resolve(name), config);
  }

  private static void up(NodeProcess node) throws IOException {
    node.start();
    node.drbdadm("create-md", "--force", "r0");
    node.drbdadm("up", "r0");
  }

  /// Makes both disks UpToDate without a resync, as they are equal, and both nodes Primary.
  void makeBothPrimary() throws IOException {
    makePrimary();
    b.drbdadm("primary", "r0");
    a.awaitVolume("Primary/Primary", it -> it.peerRole().equals("Primary"));
  }

  /// The same, but only `a` becomes Primary.
  void makePrimary() throws IOException {
    a.awaitState("Connected", "Inconsistent/Inconsistent");
    a.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
    a.awaitState("Connected", "UpToDate/UpToDate");
    b.awaitState("Connected", "UpToDate/UpToDate");
    a.drbdadm("primary", "r0");
  }

  /// Waits until no client is left; then both disks hold the same.
  void assertReplicasAreEqual() throws IOException {
    a.awaitVolume("no opener", it -> it.openers() == 0);
    b.awaitVolume("no opener", it -> it.openers() == 0);
    long dataBytes = a.volume().orElseThrow().sizeSectors() * 512;
    long at = Files.mismatch(disk("a"), disk("b"));
    assertThat(at < 0 || at >= dataBytes).as("first difference at %d", at).isTrue();
  }

  /// Cuts all connections; the nodes make new ones.
  void cut() throws IOException {
    toA.cut();
    toB.cut();
  }

  /// The capture, once the nodes are closed. The capture keeps only the first so many bytes of what
  /// is said.
  void limitCapture(long bytes) {
    writer.limit(bytes);
  }

  PcapFile capture() throws IOException {
    return writer.finish();
  }

  @Override
  public void close() throws IOException {
    a.close();
    b.close();
    toA.close();
    toB.close();
  }
}
