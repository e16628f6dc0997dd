package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.wire.PacketType;

/// The disk of a Primary goes to the other node and back, after an orderly end and after a crash:
/// what the kernel's node has written ours attaches, and the other way round.
///
/// Promise kept (docs/durability.md): a write answered OK is found by whichever node has the disk,
/// and what may differ from the other disk is marked, by the activity log, and fetched by it.
@Tag("interop")
@Tag("full")
class KernelHandoverTest {
  private static final int DISK_MIB = 24;

  /// Of six extents of the activity log the load touches three.
  private static final int BLOCKS = 2_500;

  private static final int EXTENTS = 3;
  private static final int BLOCKS_OF_EXTENT = 1_024;
  private static final int WRITES = 300;
  private static final Pattern CURRENT_UUID = Pattern.compile("(?<=0x)\\p{XDigit}{16}");
  private static final Pattern BITS_SET = Pattern.compile("# bits-set (\\d+);");
  private static final String UP =
      "drbdmeta --force $MINOR v08 /dev/vda internal apply-al >/dev/null 2>&1 </dev/null"
          + " && drbdsetup-84 new-resource $RES && drbdsetup-84 new-minor $RES $MINOR 0"
          + " && drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M"
          + " --c-max-rate=400M --c-fill-target=8M && peer_connect";

  @TempDir private Path folder;
  private final long seed = Long.getLong("seed", System.nanoTime());
  private final NumberedLoad load = new NumberedLoad(BLOCKS, new Random(seed));

  private enum Side {
    OURS,
    KERNEL;

    Side other() {
      return this == OURS ? KERNEL : OURS;
    }
  }

  private enum End {
    ORDERLY,
    CRASH
  }

  @ParameterizedTest
  @CsvSource({"KERNEL,ORDERLY", "KERNEL,CRASH", "OURS,ORDERLY", "OURS,CRASH"})
  @Timeout(value = 400, unit = TimeUnit.SECONDS)
  void theOtherNodeGoesOnWithTheDisk(Side writer, End end, TestInfo test) throws Exception {
    KernelPeer.require();
    KernelDevice.require();
    Tool.require("drbd-utils", DrbdmetaPair.DEBIANS);
    KernelPair pair = new KernelPair(folder, DISK_MIB);
    pair.begin(test);
    Path asWritten = folder.resolve("as-written");
    Map<PacketType, Integer> packets;
    try (NodeProcess node = pair.node()) {
      write(pair, node, writer, end);
      node.kill(); // it has nothing up any more
      pair.swapDisks();
      Side taker = writer.other();
      Path disk = taker == Side.OURS ? pair.ours() : pair.theirs();
      Files.copy(disk, asWritten);
      node.ignoreLogSoFar();
      takeOver(pair, node, taker, end, disk);
      if (end == End.CRASH) {
        // The crashed Primary's disk is the source, wherever it is now.
        node.awaitLog("uuid rule 40 -> " + (taker == Side.OURS ? "WFBitMapS" : "WFBitMapT"));
      } else {
        assertThat(node.newLog()).doesNotContain("WFBitMap");
      }
      pair.assertEqualDisks();
      assertThat(KernelPeer.differingBlocks(asWritten, disk, KernelPair.dataBytes(DISK_MIB)))
          .as("overwritten")
          .isEmpty();

      pair.swapDisks();
      node.ignoreLogSoFar();
      giveBack(pair, node, writer);
      assertThat(node.newLog()).doesNotContain("WFBitMap");
    }
    pair.assertEqualDisks();
    packets = pair.dissect();
    assertThat(packets.containsKey(PacketType.RS_DATA_REPLY)).isEqualTo(end == End.CRASH);
  }

  /// One node is Primary and writes; both are gone afterwards, one of them perhaps by a crash.
  private void write(KernelPair pair, NodeProcess node, Side writer, End end) throws Exception {
    KernelDevice device = new KernelDevice();
    try (KernelPeer kernel = pair.boot(device.words())) {
      kernel.run("wait_cs Connected 30");
      node.awaitState("Connected", "Inconsistent/Inconsistent");
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0"); // both disks are empty
      both(node, kernel);
      load.begin(promote(node, kernel, device, writer));
      load.awaitWrites(WRITES);
      if (end == End.ORDERLY) {
        load.end();
        demote(node, kernel, device, writer);
        node.drbdadm("down", "r0");
        kernel.powerOff();
      } else if (writer == Side.OURS) {
        node.kill();
        load.end();
        kernel.powerOff();
      } else {
        kernel.cutPower();
        load.end();
        node.drbdadm("down", "r0");
      }
    }
  }

  /// Alone with the disk, the taker finds what Debian's tool finds, and leaves it so; then both
  /// meet, and it has all that was answered.
  private void takeOver(KernelPair pair, NodeProcess node, Side taker, End end, Path disk)
      throws Exception {
    long marked = end == End.CRASH ? (long) EXTENTS * BLOCKS_OF_EXTENT : 0;
    String expected = afterDebiansReplay(disk);
    assertThat(bits(expected)).as("bits of the extents that were in use").isEqualTo(marked);
    KernelDevice device = new KernelDevice();
    if (taker == Side.OURS) {
      node.start();
      node.drbdadm("up", "r0");
      node.awaitState("WFConnection", "UpToDate/DUnknown");
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isEqualTo(marked);
      node.drbdadm("down", "r0");
      assertThat(afterDebiansReplay(disk)).isEqualTo(expected);
      node.drbdadm("up", "r0");
    }
    String[] words = device.words("--no-create-md", "--no-connect");
    try (KernelPeer kernel = pair.boot(words)) {
      if (taker == Side.KERNEL) {
        assertThat(kernel.run("field oos").strip()).isEqualTo(String.valueOf(marked * 4));
        kernel.run("drbdsetup-84 down $RES");
        assertThat(afterDebiansReplay(disk)).isEqualTo(expected);
        node.start();
        node.drbdadm("up", "r0");
        kernel.run(UP); // as drbdadm does it
      } else {
        kernel.run("peer_connect");
      }
      both(node, kernel);
      findAndLeave(node, kernel, device, taker);
    }
    node.kill();
  }

  /// Both come back with their first disks, with which nothing has to be done.
  private void giveBack(KernelPair pair, NodeProcess node, Side writer) throws Exception {
    KernelDevice device = new KernelDevice();
    node.start();
    node.drbdadm("up", "r0");
    try (KernelPeer kernel = pair.boot(device.words("--no-create-md"))) {
      both(node, kernel);
      findAndLeave(node, kernel, device, writer);
    }
  }

  /// All that was answered is found through that node; then both leave in order.
  private void findAndLeave(NodeProcess node, KernelPeer kernel, KernelDevice device, Side side)
      throws Exception {
    assertThat(load.lost(promote(node, kernel, device, side))).as("seed " + seed).isEmpty();
    demote(node, kernel, device, side);
    node.drbdadm("down", "r0");
    kernel.powerOff();
  }

  private static void both(NodeProcess node, KernelPeer kernel) throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    kernel.run("wait_ds UpToDate/UpToDate 60");
  }

  private static NbdAddress promote(
      NodeProcess node, KernelPeer kernel, KernelDevice device, Side side) throws IOException {
    if (side == Side.OURS) {
      node.drbdadm("primary", "r0");
      return node.nbdAddress();
    }
    kernel.run("drbdsetup-84 primary $MINOR");
    device.open(kernel);
    return device.address();
  }

  private static void demote(NodeProcess node, KernelPeer kernel, KernelDevice device, Side side)
      throws IOException {
    if (side == Side.OURS) {
      KernelPair.awaitClosed(node);
      node.drbdadm("secondary", "r0");
    } else {
      device.close(kernel);
      kernel.run("drbdsetup-84 secondary $MINOR");
    }
  }

  // ---- metadata, as Debian's tools show it

  /// What is on the disk once its activity log is applied, but for what the next attach changes
  /// anyway: a kernel's node leaves the mark of a running one, and writes down the size of its
  /// peer's largest request and, as the lowest bit of the current UUID, whether it is Primary.
  private String afterDebiansReplay(Path disk) throws Exception {
    Path copy = folder.resolve("replayed");
    Files.copy(disk, copy, StandardCopyOption.REPLACE_EXISTING);
    try (DrbdmetaPair tools = new DrbdmetaPair(folder)) {
      DrbdmetaPair.Run replay = tools.theirs(copy, "internal", "apply-al");
      assertThat(replay.exitCode()).as(replay.messages()).isZero();
      DrbdmetaPair.Run dump = tools.theirs(copy, "internal", "dump-md");
      assertThat(dump.exitCode()).as(dump.messages()).isZero();
      String text = dump.comparable().replaceAll("la-peer-max-bio-size \\d+;", "");
      return CURRENT_UUID
          .matcher(text)
          .replaceFirst(uuid -> Long.toHexString(Long.parseUnsignedLong(uuid.group(), 16) & ~1L));
    }
  }

  private static long bits(String dump) {
    Matcher found = BITS_SET.matcher(dump);
    assertThat(found.find()).as(dump).isTrue();
    return Long.parseLong(found.group(1));
  }
}
