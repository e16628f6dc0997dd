package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;

/// A real split brain of two real nodes, the loser's undo file, and what an admin does with it.
///
/// Promise kept (docs/undo.md): the image is the loser's disk as it was, byte for byte.
class UndoSplitBrainTest {
  private static final int DISK_BYTES = 24 << 20;
  private static final int BLOCK = 4096;

  @TempDir Path folder;

  /// `a` is Primary and wrote the blocks from 0 on, `b` wrote those from 200 on, without each
  /// other.
  private TappedPair split(String settingsOfB) throws IOException {
    TappedPair pair = new TappedPair(folder, DISK_BYTES, "ping-timeout 30;", "", settingsOfB);
    pair.a.awaitState("Connected", "Inconsistent/Inconsistent");
    pair.a.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
    pair.b.awaitState("Connected", "UpToDate/UpToDate");
    pair.a.drbdadm("primary", "r0");
    write(pair.a, 1, 0, 1_000);
    pair.b.drbdadm("disconnect", "r0");
    pair.a.drbdadm("disconnect", "--force", "r0");
    pair.b.drbdadm("primary", "--force", "r0");
    write(pair.a, 2, 0, 600);
    write(pair.b, 3, 200, 600);
    pair.b.awaitVolume("no opener", it -> it.openers() == 0);
    pair.b.drbdadm("secondary", "r0");
    return pair;
  }

  private static void write(NodeProcess node, int seed, int from, int blocks) throws IOException {
    Random random = new Random(seed);
    try (NbdClient client = node.nbd()) {
      for (int block = from; block < from + blocks; block += 10) {
        byte[] bytes = new byte[10 * BLOCK];
        random.nextBytes(bytes);
        client.pwrite(bytes, (long) block * BLOCK);
      }
      client.flush();
    }
    node.awaitVolume("no opener", it -> it.openers() == 0);
  }

  private static String sha256(Path file, long bytes) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] all = new byte[Math.toIntExact(bytes)];
      in.readFully(all);
      return HexFormat.of().formatHex(digest.digest(all));
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private static long dataBytes(NodeProcess node) {
    return node.volume().orElseThrow().sizeSectors() * 512;
  }

  private static void discard(TappedPair pair) throws IOException {
    pair.b.drbdadm("connect", "--discard-my-data", "r0");
    pair.a.drbdadm("connect", "r0");
  }

  private Path undoFile() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("b/state/b.undo"))) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.getFirst();
    }
  }

  @Test
  @Timeout(180)
  void imageIsTheOldDiskAndRestoreBringsItBack() throws IOException {
    try (TappedPair pair = split("")) {
      assertThat(pair.b.drbdadm("undo-split-brain", "r0")).contains("has no undo files");
      long bytes = dataBytes(pair.b);
      String old = sha256(pair.disk("b"), bytes);
      discard(pair);
      pair.b.awaitState("Connected", "UpToDate/UpToDate");
      pair.a.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(sha256(pair.disk("b"), bytes)).isNotEqualTo(old);

      pair.b.awaitLog("undo-file=");
      assertThat(pair.b.drbdadm("undo-split-brain", "r0"))
          .contains("r0/0 lost a split brain against a at", "discard-my-data")
          .contains("saved 800 blocks (3200 KiB), complete at");
      assertThat(pair.b.drbdadm("undo-split-brain", "--json", "r0"))
          .contains("\"state\":\"complete\"", "\"blocks\":800", "\"peer\":\"a\"");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(undoFile())))
          .isEqualTo("rw-------");

      Path image = folder.resolve("old.img");
      assertThat(pair.b.drbdadm("undo-split-brain", "--image=" + image, "r0"))
          .contains("3200 KiB are from the undo file");
      assertThat(Files.size(image)).isEqualTo(bytes);
      assertThat(sha256(image, bytes)).isEqualTo(old);
      assertThatThrownBy(() -> pair.b.drbdadm("undo-split-brain", "--image=" + image, "r0"))
          .hasMessageContaining("exit code 10");

      assertThatThrownBy(() -> pair.b.drbdadm("undo-split-brain", "--restore", "r0"))
          .hasMessageContaining("--force");
      assertThatThrownBy(() -> pair.b.drbdadm("undo-split-brain", "--restore", "--force", "r0"))
          .hasMessageContaining("Secondary");
      pair.a.drbdadm("secondary", "r0");
      pair.b.drbdadm("primary", "r0");
      try (NbdClient client = pair.b.nbd()) {
        client.flush();
        assertThatThrownBy(() -> pair.b.drbdadm("undo-split-brain", "--restore", "--force", "r0"))
            .hasMessageContaining("open");
      }
      pair.b.awaitVolume("no opener", it -> it.openers() == 0);
      assertThat(pair.b.drbdadm("undo-split-brain", "--restore", "--force", "r0"))
          .contains("3200 KiB were written back");
      assertThat(sha256(pair.disk("b"), bytes)).isEqualTo(old);
      assertThat(sha256(pair.disk("a"), bytes)).isEqualTo(old);

      assertThatThrownBy(() -> pair.b.drbdadm("undo-split-brain", "--forget", "r0"))
          .hasMessageContaining("--force");
      assertThat(pair.b.drbdadm("undo-split-brain", "--forget", "--force", "r0"))
          .contains("1 undo files removed");
      assertThat(pair.b.drbdadm("undo-split-brain", "r0")).contains("has no undo files");
    }
  }

  /// The process is killed in the middle, while `a` writes; the same file goes on.
  @Tag("full")
  @Test
  @Timeout(400)
  void survivesAKillInTheMiddle() throws IOException {
    try (TappedPair pair = split("")) {
      long bytes = dataBytes(pair.b);
      String old = sha256(pair.disk("b"), bytes);
      pair.b.drbdadm("disk-options", "--c-plan-ahead=0", "--resync-rate=100K", "r0");
      discard(pair);
      pair.b.awaitVolume("SyncTarget", it -> it.connection().equals("SyncTarget"));
      write(pair.a, 10, 500, 300);
      pair.b.kill();
      pair.b.start();
      pair.b.drbdadm("up", "r0");
      pair.b.awaitState("Connected", "UpToDate/UpToDate");
      Path image = folder.resolve("old.img");
      assertThat(pair.b.drbdadm("undo-split-brain", "--image=" + image, "r0"))
          .contains("complete at");
      assertThat(sha256(image, bytes)).isEqualTo(old);
      undoFile();
    }
  }

  /// The limit pauses the resync; the Primary goes on; the admin decides.
  @Tag("full")
  @Test
  @Timeout(180)
  void pausesAtTheLimit() throws IOException {
    try (TappedPair pair = split("undo-limit = 1M\n")) {
      discard(pair);
      pair.b.awaitVolume("PausedSyncT", it -> it.connection().equals("PausedSyncT"));
      pair.a.awaitVolume("PausedSyncS", it -> it.connection().equals("PausedSyncS"));
      assertThat(pair.b.drbdadm("why", "r0")).contains("undo-limit", "undo-split-brain --stop");
      pair.b.awaitLog("undo-limit");
      write(pair.a, 20, 900, 100);
      assertThat(pair.b.drbdadm("undo-split-brain", "r0")).contains("open: the resync goes on");
      assertThatThrownBy(() -> pair.b.drbdadm("undo-split-brain", "--stop", "r0"))
          .hasMessageContaining("--force");
      pair.b.drbdadm("undo-split-brain", "--stop", "--force", "r0");
      pair.b.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(pair.b.drbdadm("undo-split-brain", "r0")).contains("INCOMPLETE");
    }
  }

  /// The disk of the undo file is full: the resync pauses and says why, and goes on by
  /// `resume-sync` once there is room; nothing is missing then.
  @Tag("full")
  @Test
  @Timeout(180)
  void pausesWhereTheFileHasNoRoom() throws Exception {
    Root.require();
    Tool.require("util-linux", "unshare", "nsenter");
    try (TappedPair pair = split("")) {
      long bytes = dataBytes(pair.b);
      String old = sha256(pair.disk("b"), bytes);
      Path undo = folder.resolve("b/state/b.undo");
      Files.createDirectories(undo);
      pair.b.kill();
      pair.b.startBehind(
          "unshare",
          "--mount",
          "sh",
          "-c",
          "mount -t tmpfs -o size=1m twincore-test " + undo + " && exec \"$@\"",
          "sh");
      pair.b.start();
      pair.b.drbdadm("up", "r0");
      pair.b.drbdadm("disconnect", "r0");
      discard(pair);
      pair.b.awaitVolume("PausedSyncT", it -> it.connection().equals("PausedSyncT"));
      pair.a.awaitVolume("PausedSyncS", it -> it.connection().equals("PausedSyncS"));
      assertThat(pair.b.drbdadm("why", "r0")).contains("No space left on device", "resume-sync");
      write(pair.a, 20, 900, 100);
      pair.b.drbdadm("resume-sync", "r0");
      pair.b.awaitVolume("still no room", it -> it.connection().equals("PausedSyncT"));

      Tool.ok(
          "nsenter",
          "--mount",
          "--target",
          Long.toString(pair.b.pid()),
          "mount",
          "-o",
          "remount,size=64m",
          undo.toString());
      pair.b.drbdadm("resume-sync", "r0");
      pair.b.awaitState("Connected", "UpToDate/UpToDate");
      Path image = folder.resolve("old.img");
      assertThat(pair.b.drbdadm("undo-split-brain", "--image=" + image, "r0"))
          .contains("complete at");
      assertThat(sha256(image, bytes)).isEqualTo(old);
    }
  }

  @Test
  @Timeout(120)
  void offKeepsNothing() throws IOException {
    try (TappedPair pair = split("undo = off\n")) {
      discard(pair);
      pair.b.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(pair.b.drbdadm("undo-split-brain", "r0")).contains("has no undo files");
    }
  }
}
