package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.SyncHandshake.Disks;
import org.twincore.drbd.engine.state.SyncHandshake.Meeting;
import org.twincore.drbd.engine.state.SyncHandshake.Policies;
import org.twincore.drbd.engine.state.SyncHandshake.Wishes;
import org.twincore.drbd.engine.state.UuidCompare.Node;
import org.twincore.drbd.engine.state.UuidCompare.Question;
import org.twincore.drbd.engine.state.UuidCompare.Terms;

/// The cells of `after-sb.txt`, and the meetings that each speaks of.
final class AfterSplitCells {
  private AfterSplitCells() {}

  /// One cell: the words of its line (table, policy, case), its column, what is to come out.
  record Cell(String table, String policy, String which, String column, String outcome) {}

  static Stream<Cell> cells() throws IOException {
    List<Cell> cells = new ArrayList<>();
    List<String> columns = List.of();
    for (String line : lines()) {
      List<String> words = List.of(line.trim().split(" +"));
      if (SplitBrainPolicy.ofWord(words.get(1)).isEmpty() && !isFlag(words.get(1))) {
        columns = words.subList(1, words.size());
        continue;
      }
      List<String> outcomes = words.subList(3, words.size());
      assertThat(outcomes).as(line).hasSameSizeAs(columns);
      for (int i = 0; i < columns.size(); i++) {
        cells.add(
            new Cell(words.get(0), words.get(1), words.get(2), columns.get(i), outcomes.get(i)));
      }
    }
    return cells.stream();
  }

  private static boolean isFlag(String word) {
    return word.equals("yes") || word.equals("no");
  }

  private static List<String> lines() throws IOException {
    try (InputStream in = AfterSplitCells.class.getResourceAsStream("after-sb.txt")) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    }
  }

  /// All meetings that a cell speaks of.
  static List<Scene> scenes(Cell cell) {
    return switch (cell.table) {
      case "0pri" -> whoWasPrimary(cell.which).map(was -> noPrimary(cell, was)).toList();
      case "1pri", "2pri" -> demotions(cell.which).map(may -> primaries(cell, may)).toList();
      case "rr" -> List.of(conflict(cell));
      case "asbp", "hand" -> List.of(discarding(cell));
      default -> throw new IllegalArgumentException(cell.toString());
    };
  }

  private static Stream<String> whoWasPrimary(String which) {
    return which.equals("any") ? Stream.of("neither", "self", "peer", "both") : Stream.of(which);
  }

  private static Stream<Boolean> demotions(String which) {
    return which.equals("any") ? Stream.of(true, false) : Stream.of(which.equals("idle"));
  }

  private static Scene noPrimary(Cell cell, String was) {
    Scene scene = new Scene();
    scene.policies(cell.policy, "disconnect", "disconnect", "disconnect");
    scene.ownWas = was.equals("self") || was.equals("both");
    scene.peerWas = was.equals("peer") || was.equals("both");
    scene.yields = cell.column.endsWith("y");
    String[] bits = cell.column.replace("y", "").split("/");
    scene.ownBits = Long.parseLong(bits[0]);
    scene.peerBits = Long.parseLong(bits[1]);
    return scene;
  }

  private static Scene primaries(Cell cell, boolean mayDemote) {
    Scene scene = new Scene();
    boolean two = cell.table.equals("2pri");
    scene.policies(
        "disconnect",
        two ? "disconnect" : cell.policy,
        two ? cell.policy : "disconnect",
        "violently");
    scene.zeroVerdict(cell.column.substring(cell.column.indexOf(':') + 1));
    scene.own = two || cell.column.startsWith("self") ? Role.PRIMARY : Role.SECONDARY;
    scene.peer = two || cell.column.startsWith("peer") ? Role.PRIMARY : Role.SECONDARY;
    scene.mayDemote = mayDemote;
    return scene;
  }

  private static Scene conflict(Cell cell) {
    Scene scene = new Scene();
    scene.policies("disconnect", "disconnect", "disconnect", cell.policy);
    scene.isSplit = false;
    scene.isNewer = cell.column.endsWith("S");
    scene.own = cell.column.startsWith("self") ? Role.PRIMARY : Role.SECONDARY;
    scene.peer = cell.column.startsWith("peer") ? Role.PRIMARY : Role.SECONDARY;
    return scene;
  }

  private static Scene discarding(Cell cell) {
    Scene scene = new Scene();
    boolean hand = cell.table.equals("hand");
    scene.policies(hand ? cell.policy : "discard-remote", "disconnect", "disconnect", "disconnect");
    scene.always = cell.policy.equals("yes");
    scene.areCousins = !hand;
    scene.ownDiscards = cell.column.equals("self") || cell.column.equals("both");
    scene.peerDiscards = cell.column.equals("peer") || cell.column.equals("both");
    return scene;
  }

  /// A meeting under construction, and the same meeting as the peer sees it.
  static final class Scene {
    SplitBrainPolicy[] policies = new SplitBrainPolicy[0];
    boolean always;
    private boolean isSplit = true;
    private boolean isNewer;
    private boolean areCousins;
    private boolean ownWas;
    private boolean peerWas;
    private boolean yields;
    boolean mayDemote;
    boolean ownDiscards;
    boolean peerDiscards;
    long ownBits = 10;
    long peerBits = 20;
    Role own = Role.SECONDARY;
    Role peer = Role.SECONDARY;

    void policies(String... words) {
      policies =
          Arrays.stream(words)
              .map(word -> SplitBrainPolicy.ofWord(word).orElseThrow())
              .toArray(SplitBrainPolicy[]::new);
    }

    /// Makes after-sb-0pri say this.
    void zeroVerdict(String verdict) {
      policies[0] =
          switch (verdict) {
            case "S" -> SplitBrainPolicy.DISCARD_REMOTE;
            case "T" -> SplitBrainPolicy.DISCARD_LOCAL;
            default -> SplitBrainPolicy.DISCONNECT;
          };
    }

    Meeting here() {
      return new Meeting(
          new Question(
              new Node(ownUuids(), own, false),
              new Node(peerUuids(), peer, false),
              new Terms(101, true, yields)),
          new Disks(UP_TO_DATE, UP_TO_DATE, UP_TO_DATE),
          new Wishes(ownDiscards, peerDiscards, false),
          ownBits,
          peerBits,
          mayDemote,
          new Policies(policies[0], policies[1], policies[2], policies[3], always));
    }

    /// `discard-local` and `discard-remote` change places, and of a draw one yields.
    Meeting there() {
      return new Meeting(
          new Question(
              new Node(peerUuids(), peer, false),
              new Node(ownUuids(), own, false),
              new Terms(101, true, !yields)),
          new Disks(UP_TO_DATE, UP_TO_DATE, UP_TO_DATE),
          new Wishes(peerDiscards, ownDiscards, false),
          peerBits,
          ownBits,
          mayDemote,
          new Policies(
              policies[0].seenFromPeer(),
              policies[1].seenFromPeer(),
              policies[2].seenFromPeer(),
              policies[3],
              always));
    }

    private GenerationUuids ownUuids() {
      if (!isSplit) {
        return isNewer ? new GenerationUuids(0xb0, 0xa0, 0x10, 0x20) : parent();
      }
      return new GenerationUuids(0xb0, common(0xe0, ownWas), 0x10, 0x20);
    }

    private GenerationUuids peerUuids() {
      if (!isSplit) {
        return isNewer ? parent() : new GenerationUuids(0xc0, 0xa0, 0x10, 0x20);
      }
      return new GenerationUuids(0xc0, common(0xf0, peerWas), 0x10, 0x20);
    }

    private static GenerationUuids parent() {
      return new GenerationUuids(0xa0, 0, 0x10, 0x20);
    }

    private long common(long cousin, boolean wasPrimary) {
      return (areCousins ? cousin : 0xa0) | (wasPrimary ? GenerationUuids.PRIMARY_BIT : 0);
    }

    @Override
    public String toString() {
      return "%s, %s meets %s, bits %d and %d, may demote: %s"
          .formatted(Arrays.toString(policies), own, peer, ownBits, peerBits, mayDemote);
    }
  }
}
