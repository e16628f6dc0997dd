package org.twincore.it;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// A real kernel DRBD 8.4 node in a QEMU guest (`src/test/lab/drbd-peer`), told what to do line by
/// line.
final class KernelPeer implements AutoCloseable {
  private static final Path PROGRAM = Path.of("src/test/lab/drbd-peer").toAbsolutePath();
  private static final long END_SECONDS = 60L * Patience.FACTOR;

  /// Emulated, a guest needs ten seconds of a processor to boot, which on a busy machine take
  /// minutes.
  private static final String BOOT_SECONDS_MAX = "400";

  private static final String RUN_SECONDS_MAX = "2700";
  private static final int BLOCK_BYTES = 4096;
  private static final int READ_BYTES = 1 << 20;

  private final Process process;
  private final BufferedReader output;
  private final BufferedWriter input;
  private int commands;

  private KernelPeer(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
    this.input = process.outputWriter(StandardCharsets.UTF_8);
  }

  /// Skips the calling test, aloud, where no guest can be booted.
  static void require() throws IOException, InterruptedException {
    Root.require();
    Tool.require("qemu-system-x86", "qemu-system-x86_64");
    Tool install = Tool.run(PROGRAM.toString(), "--install");
    Assumptions.assumeTrue(
        install.exitCode() == 0, "drbd-peer --install failed: " + install.output());
  }

  /// Boots a node with that disk, whose peer listens on loopback port `peerPort`.
  static KernelPeer boot(
      int port, int peerPort, int diskMib, Path disk, Path console, String... more)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                PROGRAM.toString(),
                "--port",
                Integer.toString(port),
                "--peer-port",
                Integer.toString(peerPort),
                "--disk",
                disk.toString(),
                "--disk-mb",
                Integer.toString(diskMib),
                "--net-opts",
                "--ping-timeout=30",
                "--console",
                console.toString(),
                "--boot-timeout",
                BOOT_SECONDS_MAX,
                "--timeout",
                RUN_SECONDS_MAX,
                "--env",
                "PATIENCE=" + Patience.FACTOR,
                "--cmd",
                "-"));
    command.addAll(List.of(more));
    return start(command);
  }

  /// Boots a guest that is no DRBD node; it reaches this host's loopback at `$HOST`. `more` are
  /// options of drbd-peer.
  static KernelPeer bootPlain(Path console, String... more) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                PROGRAM.toString(),
                "--no-drbd",
                "--console",
                console.toString(),
                "--boot-timeout",
                BOOT_SECONDS_MAX,
                "--timeout",
                RUN_SECONDS_MAX,
                "--cmd",
                "-"));
    command.addAll(List.of(more));
    return start(command);
  }

  private static KernelPeer start(List<String> command) throws IOException {
    KernelPeer peer = new KernelPeer(new ProcessBuilder(command).redirectErrorStream(true).start());
    peer.run("true");
    return peer;
  }

  /// Runs one command line in the guest and returns what it printed.
  String run(String command) throws IOException {
    commands++;
    String mark = "command-" + commands + "-ended-with-";
    input.write("{ " + command + "; }; echo " + mark + "$?");
    input.newLine();
    input.flush();
    StringBuilder text = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      int at = line.indexOf(mark);
      if (at >= 0) {
        String code = line.substring(at + mark.length()).strip();
        if (!code.equals("0")) {
          throw new AssertionError(
              "in the guest: " + command + ": exit code " + code + "\n" + text);
        }
        return text.toString();
      }
      text.append(line).append('\n');
    }
    throw new AssertionError("the guest ended during: " + command + "\n" + text);
  }

  /// Shuts down in order; the disk file is complete afterwards.
  void powerOff() throws IOException, InterruptedException {
    input.write("exit");
    input.newLine();
    input.close();
    if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the guest did not power off");
    }
  }

  /// Takes the power from the guest.
  void cutPower() {
    process.destroy();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      cutPower();
    }
  }

  /// The 4 KiB blocks among the first `bytes` that differ between two disks; for a message.
  static List<Integer> differingBlocks(Path one, Path other, long bytes) throws IOException {
    List<Integer> differing = new ArrayList<>();
    byte[] first = new byte[BLOCK_BYTES];
    byte[] second = new byte[BLOCK_BYTES];
    try (InputStream ones = new BufferedInputStream(Files.newInputStream(one), READ_BYTES);
        InputStream others = new BufferedInputStream(Files.newInputStream(other), READ_BYTES)) {
      for (int block = 0; block < bytes / BLOCK_BYTES; block++) {
        boolean isThere =
            ones.readNBytes(first, 0, BLOCK_BYTES) == BLOCK_BYTES
                && others.readNBytes(second, 0, BLOCK_BYTES) == BLOCK_BYTES;
        if (!isThere || !Arrays.equals(first, second)) {
          differing.add(block);
        }
      }
    }
    return differing;
  }
}
