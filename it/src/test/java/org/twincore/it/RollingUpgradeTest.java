package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two nodes go from an earlier version to this one and back, one after the other, under load, as
/// docs/upgrading.md tells it; the packages are replaced below the running nodes.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives, whichever versions
/// the two nodes have in that moment.
@Tag("full")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class RollingUpgradeTest {
  /// Before it: no undo, no books of verifies, no memory of disks, no `why`, `repair`, `resize`.
  private static final String FIRST = "ca77d30";

  /// The last one before the admin socket told the version of its language.
  private static final String LAST = "24f795f";

  private static final Map<String, Installation> BUILT = new TreeMap<>();

  @TempDir private static Path shared;

  @TempDir private Path folder;

  /// Each version once for all tests; the empty word is this one.
  private static Installation built(String commit) throws IOException, InterruptedException {
    Installation made = BUILT.get(commit);
    if (made == null) {
      Path place = shared.resolve("version-" + commit);
      made = commit.isEmpty() ? Installation.current(place) : EarlierVersion.build(commit, place);
      BUILT.put(commit, made);
    }
    return made;
  }

  @ParameterizedTest
  @ValueSource(strings = {FIRST, LAST})
  void nothingIsLostOnTheWayToThisVersionAndBack(String commit) throws Exception {
    Installation before = built(commit);
    Installation now = built("");
    try (UpgradedPair pair = new UpgradedPair(folder, before)) {
      pair.start();
      pair.load.begin(pair.one.node.nbdAddress());
      pair.replace(pair.two, now);
      pair.swapRoles(pair.one, pair.two);
      pair.replace(pair.one, now);
      pair.endLoad(pair.two);
      Path undo = pair.loseASplitBrain();
      pair.verify();

      pair.load.begin(pair.two.node.nbdAddress());
      pair.replace(pair.one, before);
      pair.swapRoles(pair.two, pair.one);
      pair.replace(pair.two, before);
      pair.endLoad(pair.one);

      pair.replace(pair.one, now);
      assertThat(pair.one.drbdadm("undo-split-brain", "r0"))
          .contains(undo.toString(), "complete at");
      pair.assertReplicasAreEqual();
    }
  }

  /// The metadata of a Primary that crashed is in the middle of everything: an activity log with
  /// hot extents, bits that are marked.
  @ParameterizedTest
  @ValueSource(strings = {FIRST, LAST})
  void aCrashedPrimaryComesBackInTheOtherVersion(String commit) throws Exception {
    Installation before = built(commit);
    try (UpgradedPair pair = new UpgradedPair(folder, before)) {
      pair.start();
      pair.crashAndComeBack(built(""));
      pair.crashAndComeBack(before);
      pair.assertReplicasAreEqual();
    }
  }
}
