package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A split brain of the two nodes of a [KernelScene]: they part, each is Primary alone and writes,
/// and they meet again. What ours wrote begins at block 700, the kernel's at 710, and nothing of it
/// was there before.
final class KernelSplit {
  private static final int OURS_FROM = 700;
  private static final int KERNELS_FROM = 710;
  private static final String UNRESOLVED = "Split-Brain detected but unresolved";

  private final KernelScene scene;
  private int value = 50;
  private int ourBlocks;
  private int theirBlocks;

  KernelSplit(KernelScene scene) {
    this.scene = scene;
  }

  /// One of the two nodes.
  enum Side {
    OURS,
    KERNEL;

    Side other() {
      return this == OURS ? KERNEL : OURS;
    }
  }

  /// Both are Secondary when they part, then Primary one after the other: who wrote how many
  /// blocks.
  void part(int ourBlocks, int theirBlocks) throws IOException {
    partNow(ourBlocks, theirBlocks);
    writeAlone(Side.OURS);
    writeAlone(Side.KERNEL);
  }

  /// The same, but one of them was Primary already when they parted.
  void partBesidePrimary(Side older, int ourBlocks, int theirBlocks) throws IOException {
    if (older == Side.OURS) {
      scene.oursIsPrimary();
    } else {
      scene.kernelIsPrimary();
      scene.node.awaitVolume("a Primary beside it", it -> it.peerRole().equals("Primary"));
    }
    partNow(ourBlocks, theirBlocks);
    writeAlone(older);
    writeAlone(older.other());
  }

  private void partNow(int ours, int theirs) throws IOException {
    value++;
    ourBlocks = ours;
    theirBlocks = theirs;
    scene.node.drbdadm("disconnect", "r0");
    scene.kernel.run("peer_disconnect --force");
  }

  private void writeAlone(Side side) throws IOException {
    promote(side);
    if (side == Side.OURS && ourBlocks > 0) {
      KernelPair.write(scene.node, OURS_FROM, ourBlocks, value);
    } else if (side == Side.KERNEL && theirBlocks > 0) {
      scene.kernelWrites(KERNELS_FROM, theirBlocks);
    }
    demote(side);
  }

  void promote(Side side) throws IOException {
    if (side == Side.OURS) {
      scene.node.drbdadm("primary", "r0");
    } else {
      scene.kernel.run("drbdsetup-84 primary $MINOR");
    }
  }

  void demote(Side side) throws IOException {
    if (side == Side.OURS) {
      scene.node.drbdadm("secondary", "r0");
    } else {
      scene.kernel.run("drbdsetup-84 secondary $MINOR");
    }
  }

  void meetAgain() throws IOException {
    scene.kernel.run("peer_connect");
    scene.node.drbdadm("connect", "r0");
  }

  /// The same, and nothing is decided: each hears all that the other says, and both go StandAlone.
  void meetInVain() throws IOException {
    scene.kernel.run("dmesg -c >/dev/null");
    scene.node.ignoreLogSoFar();
    scene.pair.ends().hold();
    try {
      meetAgain();
      scene.node.awaitLog(UNRESOLVED);
      scene.node.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
      scene.kernel.run("wait_cs StandAlone 60");
    } finally {
      scene.pair.ends().letGo();
    }
    assertThat(scene.kernelLog()).contains(UNRESOLVED);
  }

  /// By hand: `loser` discards its data.
  void meetDiscarding(Side loser) throws IOException {
    boolean isOurs = loser == Side.OURS;
    scene.kernel.run("peer_connect" + (isOurs ? "" : " --discard-my-data"));
    if (isOurs) {
      scene.node.drbdadm("connect", "--discard-my-data", "r0");
    } else {
      scene.node.drbdadm("connect", "r0");
    }
  }

  /// Both are Secondary and StandAlone, as before they met.
  void leaveBoth() throws IOException {
    scene.kernel.run(
        "drbdsetup-84 secondary $MINOR; peer_disconnect --force >/dev/null 2>&1; true");
    scene.node.drbdadm("disconnect", "--force", "r0");
    scene.node.drbdadm("secondary", "r0");
  }

  /// Both disks are equal, and hold what `winner` wrote and nothing of what the other wrote.
  void assertWon(Side winner) throws IOException {
    scene.assertEqual();
    for (Path disk : List.of(scene.pair.ours(), scene.pair.theirs())) {
      assertWon(winner, disk);
    }
  }

  private void assertWon(Side winner, Path disk) throws IOException {
    if (ourBlocks > 0) {
      assertThat(holdsOurs(disk)).as("ours on " + disk).isEqualTo(winner == Side.OURS);
    }
    if (theirBlocks > 0) {
      assertThat(holdsKernels(disk)).as("the kernel's on " + disk).isEqualTo(winner == Side.KERNEL);
    }
  }

  private boolean holdsOurs(Path disk) throws IOException {
    byte[] written = KernelPair.content(OURS_FROM, value);
    return Arrays.equals(KernelPair.block(disk, OURS_FROM), written);
  }

  private boolean holdsKernels(Path disk) throws IOException {
    return Arrays.equals(KernelPair.block(disk, KERNELS_FROM), scene.lastWrite());
  }
}
