package org.twincore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.testkit.PcapWriter.Sender;

class PcapFileTest {
  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadPerConnectionAndDirection() throws Exception {
    byte[] big = Gen.of(new Prng(1)).bytes(150_000);
    PcapWriter writer = new PcapWriter(folder.resolve("x.pcap"));
    PcapWriter.Connection data = writer.open(0.5, at("10.0.0.1", 40001), at("10.0.0.2", 7788));
    PcapWriter.Connection meta = writer.open(0.6, at("fe80::2", 40001), at("fe80::1", 7788));
    data.send(1, Sender.DIALLER, new byte[] {1, 2});
    data.send(2, Sender.LISTENER, big);
    meta.send(3, Sender.LISTENER, new byte[] {9});
    data.send(4, Sender.DIALLER, new byte[] {3});
    data.end(5, Sender.DIALLER);
    List<PcapFile.Connection> connections = writer.finish().connections();
    assertThat(connections).hasSize(2);
    assertThat(connections.get(0).dialler()).isEqualTo("0a000001:40001");
    assertThat(connections.get(0).there().bytes()).containsExactly(1, 2, 3);
    assertThat(connections.get(0).back().bytes()).isEqualTo(big);
    assertThat(connections.get(1).listener()).isEqualTo("fe800000000000000000000000000001:7788");
    assertThat(connections.get(1).back().bytes()).containsExactly(9);
  }

  /// The same two addresses again are another connection.
  @Test
  void aPortUsedTwiceMakesTwoConnections() throws Exception {
    PcapWriter writer = new PcapWriter(folder.resolve("x.pcap"));
    for (int i = 0; i < 2; i++) {
      PcapWriter.Connection one = writer.open(i, at("10.0.0.1", 1), at("10.0.0.2", 2));
      one.send(i, Sender.DIALLER, new byte[] {(byte) i});
    }
    assertThat(writer.finish().connections())
        .extracting(it -> it.there().bytes())
        .containsExactly(new byte[] {0}, new byte[] {1});
  }

  @Test
  void segmentsTwiceOrOutOfOrderMakeOneStream() throws Exception {
    PcapWriter writer = new PcapWriter(folder.resolve("x.pcap"));
    PcapWriter.Connection one = writer.open(0, at("10.0.0.1", 1), at("10.0.0.2", 2));
    one.send(1, Sender.DIALLER, new byte[] {1, 2, 3});
    one.send(1, Sender.DIALLER, new byte[] {4, 5, 6});
    Path path = writer.finish().path();
    byte[] file = Files.readAllBytes(path);
    int head = 24 + 3 * (16 + 54);
    int record = 16 + 57;
    byte[] mixed = new byte[file.length + record];
    System.arraycopy(file, 0, mixed, 0, head);
    System.arraycopy(file, head + record, mixed, head, record);
    System.arraycopy(file, head, mixed, head + record, record);
    System.arraycopy(file, head + record, mixed, head + 2 * record, record);
    Files.write(path, mixed);
    assertThat(new PcapFile(path).connections().getFirst().there().bytes())
        .containsExactly(1, 2, 3, 4, 5, 6);
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(address, port);
  }
}
