package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdSettings;

/// Everybody else's NBD clients against our server on a file: what they wrote is in the file, what
/// is in the file is what they read.
@Timeout(120)
final class NbdClientsTest {
  @TempDir Path folder;
  private FileServer server;

  @BeforeEach
  void serve() throws IOException {
    server = new FileServer(folder, NbdSettings.standard());
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  @Test
  void nbdinfoSeesSizesFlagsAndContexts() throws Exception {
    Tool.require("libnbd-bin", "nbdinfo");
    String json = Tool.ok("nbdinfo", "--json", server.unixUri("r0"));
    assertThat(json)
        .contains(
            "\"structured\": true",
            "\"export-size\": 67108864",
            "\"base:allocation\"",
            "\"is_read_only\": false",
            "\"can_cache\": true",
            "\"can_df\": true",
            "\"can_fast_zero\": true",
            "\"can_flush\": true",
            "\"can_fua\": true",
            "\"can_multi_conn\": true",
            "\"can_trim\": true",
            "\"can_zero\": true",
            "\"block_size_minimum\": 512",
            "\"block_size_preferred\": 4096",
            "\"block_size_maximum\": 33554432");
    assertThat(Tool.ok("nbdinfo", "--json", server.tcpUri("r0/1")))
        .contains("\"is_read_only\": true", "\"can_trim\": false", "\"can_multi_conn\": true");
    Tool refused = Tool.run("nbdinfo", server.tcpUri("r1"));
    assertThat(refused.exitCode()).isNotZero();
    // libnbd 1.14 keeps the server's words to itself; every-option.py reads them off the socket.
    assertThat(refused.output()).contains("server replied with error");
  }

  @Test
  void nbdinfoMapShowsHoles() throws Exception {
    Tool.require("libnbd-bin", "nbdinfo");
    Tool.require("qemu-utils", "qemu-io");
    qemuIo("write -P 1 0 64k", "write -P 2 1M 1M", "discard 32k 16k");
    assertThat(Tool.ok("nbdinfo", "--map", server.unixUri("r0")).lines().map(String::strip))
        .map(line -> line.replaceAll(" +", " "))
        .containsExactly(
            "0 32768 0 data",
            "32768 16384 3 hole,zero",
            "49152 16384 0 data",
            "65536 983040 3 hole,zero",
            "1048576 1048576 0 data",
            "2097152 65011712 3 hole,zero");
  }

  @Test
  void nbdcopyCarriesADiskBothWays() throws Exception {
    Tool.require("libnbd-bin", "nbdcopy");
    Path image = randomImage();
    Path back = folder.resolve("back.img");
    Tool.ok("nbdcopy", "--connections=4", image.toString(), server.unixUri("r0"));
    assertThat(Files.mismatch(image, server.file)).isEqualTo(-1);
    Tool.ok("nbdcopy", "--requests=64", "--flush", server.tcpUri("r0"), back.toString());
    assertThat(Files.mismatch(image, back)).isEqualTo(-1);
  }

  @Test
  void everyOptionAndCommandThroughLibnbd() throws Exception {
    Tool.require(
        "python3 python3-libnbd", "/usr/bin/python3", "/usr/lib/python3/dist-packages/nbd.py");
    Path script = folder.resolve("every-option.py");
    try (InputStream in = getClass().getResourceAsStream("/nbd/every-option.py")) {
      Files.copy(Objects.requireNonNull(in), script);
    }
    String output = Tool.ok("/usr/bin/python3", script.toString(), server.socket.toString());
    assertThat(output.lines().filter(line -> line.startsWith("ok "))).hasSizeGreaterThan(70);
    assertThat(output.strip()).endsWith(" checks");
  }

  @Test
  void qemuImgConvertsComparesAndMaps() throws Exception {
    Tool.require("qemu-utils", "qemu-img");
    Path image = randomImage();
    String uri = server.unixUri("r0");
    assertThat(Tool.ok("qemu-img", "info", uri)).contains("64 MiB (67108864 bytes)");
    Tool.ok("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", "-W", image.toString(), uri);
    assertThat(Files.mismatch(image, server.file)).isEqualTo(-1);
    Path back = folder.resolve("back.qcow2");
    Tool.ok(
        "qemu-img", "convert", "-f", "raw", "-O", "qcow2", server.tcpUri("r0"), back.toString());
    assertThat(Tool.ok("qemu-img", "compare", uri, back.toString())).contains("identical");
    assertThat(Tool.ok("qemu-img", "map", "--output=json", uri))
        .contains("\"start\": 0, \"length\": 8388608")
        .contains("\"zero\": true, \"data\": false");
  }

  @Test
  void qemuIoPatternsSurvive() throws Exception {
    Tool.require("qemu-utils", "qemu-io");
    String output =
        qemuIo(
            "write -P 0xaa 0 4M",
            "write -f -P 0xbb 4M 512",
            "write -z 1M 1M",
            "write -z -u 2M 64k",
            "discard 3M 64k",
            "flush",
            "read -P 0xaa 0 1M",
            "read -P 0 1M 1M",
            "read -P 0 2M 64k",
            "read -P 0xaa 2112k 960k",
            "read -P 0 3M 64k",
            "read -P 0xbb 4M 512",
            "aio_write -P 0x11 8M 32M",
            "aio_flush",
            "read -P 0x11 8M 32M");
    assertThat(output).doesNotContain("verification failed").doesNotContain("rror");
  }

  @Test
  void fioVerifiesWhatItWrote() throws Exception {
    Tool.require("fio", "fio");
    for (String uri : new String[] {server.unixUri("r0"), server.tcpUri("r0")}) {
      String output =
          Tool.ok(
              "fio",
              "--name=verify",
              "--ioengine=nbd",
              "--uri=" + uri,
              "--rw=randwrite",
              "--bsrange=512-128k",
              "--bs_unaligned=0",
              "--blockalign=512",
              "--iodepth=32",
              "--size=64m",
              "--io_size=48m",
              "--verify=crc32c",
              "--verify_fatal=1",
              "--verify_state_save=0",
              "--fsync=64",
              "--randseed=7");
      assertThat(output).contains("err= 0");
    }
  }

  @Test
  void nbdClientListsTheExports() throws Exception {
    Tool.require("nbd-client", "nbd-client");
    String port = String.valueOf(server.tcp.getPort());
    assertThat(Tool.run("nbd-client", "-l", "127.0.0.1", "-p", port).output())
        .contains("r0\n", "r0/1\n", "r1\n");
  }

  private String qemuIo(String... commands) throws Exception {
    String[] words = new String[4 + 2 * commands.length];
    words[0] = "qemu-io";
    words[1] = "-f";
    words[2] = "raw";
    for (int i = 0; i < commands.length; i++) {
      words[3 + 2 * i] = "-c";
      words[4 + 2 * i] = commands[i];
    }
    words[words.length - 1] = server.unixUri("r0");
    return Tool.ok(words);
  }

  /// 8 MiB of random bytes, a hole, and a tail.
  private Path randomImage() throws IOException {
    Path image = folder.resolve("image.img");
    byte[] bytes = new byte[8 << 20];
    new SplittableRandom(11).nextBytes(bytes);
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.write(bytes);
      file.setLength(FileServer.SIZE_BYTES);
      file.seek(FileServer.SIZE_BYTES - 65536);
      file.write(bytes, 0, 65536);
    }
    return image;
  }
}
