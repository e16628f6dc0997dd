package org.twincore.daemon.dossier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.JsonText;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.exchange.SplitBrain.Range;

class DossierTest {
  private static final Instant THEN = Instant.parse("2024-05-06T07:08:09Z");

  private static Dossier of(String node, Dossier.Changed changed) {
    SplitBrain met =
        new SplitBrain(
            5,
            "Split-Brain detected but unresolved, dropping connection",
            true,
            false,
            new SplitBrain.Side(new GenerationUuids(1, 2, 3, 4), Role.PRIMARY, 3),
            new SplitBrain.Side(new GenerationUuids(5, 2, 3, 4), Role.SECONDARY, 7),
            List.of(
                new SplitBrain.Forecast(
                    "after-sb-1pri", "discard-secondary", SplitBrain.Fate.OWN_STAYS)));
    return new Dossier(
        "r0",
        0,
        node,
        "beta",
        Optional.of(new Dossier.Known(THEN, met)),
        changed,
        List.of(new RoleHistory.Entry(THEN, 0, Role.PRIMARY, Role.UNKNOWN)));
  }

  private static Dossier.Changed changed(Range... ranges) {
    long blocks = List.of(ranges).stream().mapToLong(Range::blocks).sum();
    return new Dossier.Changed(blocks, true, List.of(ranges));
  }

  @Test
  void theOtherNodeReadsWhatThisOneWrites() throws AdminFormatException {
    Dossier dossier = of("alpha", changed(new Range(5, 3), new Range(100, 1)));
    Dossier.Other read = Dossier.Other.of(JsonText.parseObject(JsonText.write(dossier.json())));
    assertThat(read).isEqualTo(new Dossier.Other("r0", 0, "alpha", dossier.changed()));
  }

  @Test
  void whatIsNoDossierIsRefused() {
    for (String text :
        List.of(
            "{}",
            "{\"changed\": 3}",
            "{\"changed\": {\"blocks\": 1, \"ranges\": [7]}}",
            "{\"changed\": {\"blocks\": -1, \"ranges\": []}, \"resource\": \"r0\", \"volume\": 0}",
            "{\"changed\": {\"blocks\": 1, \"ranges\": []}, \"resource\": 5, \"volume\": 0}")) {
      assertThatThrownBy(() -> Dossier.Other.of(JsonText.parseObject(text)))
          .as(text)
          .isInstanceOf(AdminFormatException.class);
    }
  }

  @Test
  void overlapIsWhatBothHave() {
    SplittableRandom random = new SplittableRandom(4);
    for (int round = 0; round < 200; round++) {
      TreeSet<Long> one = blocks(random);
      TreeSet<Long> other = blocks(random);
      TreeSet<Long> both = new TreeSet<>(one);
      both.retainAll(other);
      assertThat(Dossier.overlap(changed(ranges(one)), changed(ranges(other))))
          .containsExactly(ranges(both));
    }
  }

  private static TreeSet<Long> blocks(SplittableRandom random) {
    TreeSet<Long> blocks = new TreeSet<>();
    for (int i = 0; i < 30; i++) {
      blocks.add(random.nextLong(60));
    }
    return blocks;
  }

  private static Range[] ranges(TreeSet<Long> blocks) {
    return blocks.stream()
        .filter(first -> !blocks.contains(first - 1))
        .map(first -> {
          long end = first;
          while (blocks.contains(end)) {
            end++;
          }
          return new Range(first, end - first);
        })
        .toArray(Range[]::new);
  }

  @Test
  void textTellsBothSidesAndTheWayOut() throws AdminFormatException {
    Dossier own = of("alpha", changed(new Range(5, 3)));
    Map<String, Object> json = of("beta", changed(new Range(7, 4))).json();
    Dossier.Other other = Dossier.Other.of(JsonText.parseObject(JsonText.write(json)));
    assertThat(DossierText.of(own, Optional.of(other)))
        .isEqualTo(
            """
            r0/0: split brain, open, met 2024-05-06T07:08:09Z
              here alpha: Primary, 12 KiB changed alone, generation 0000000000000001
              there beta: Secondary, 28 KiB changed alone, generation 0000000000000005
              who was Primary, as alpha saw it
                2024-05-06T07:08:09Z alpha Primary, beta Unknown
              marked here now: 12 KiB, blocks 5-7
              marked there: 16 KiB, blocks 7-10
              marked at both: 4 KiB, blocks 7
              what a policy would have kept
                after-sb-1pri discard-secondary: alpha's
              to settle it, on the node that gives in (its changes are saved: undo-split-brain)
                drbdadm secondary r0 && drbdadm connect --discard-my-data r0
              and on the other one
                drbdadm connect r0
            """);
  }

  @Test
  void historyKeepsTheNewestAndSkipsWhatIsTorn(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("deep/roles");
    RoleHistory history = new RoleHistory(file);
    assertThat(history.of(0)).isEmpty();
    for (int i = 0; i < 1_000; i++) {
      history.add(new RoleHistory.Entry(THEN.plusSeconds(i), i % 2, Role.SECONDARY, Role.PRIMARY));
    }
    Files.writeString(file, Files.readString(file) + "2024-05-0");
    List<RoleHistory.Entry> found = new RoleHistory(file).of(1);
    assertThat(found).hasSizeBetween(100, 200);
    assertThat(found.getLast())
        .isEqualTo(new RoleHistory.Entry(THEN.plusSeconds(999), 1, Role.SECONDARY, Role.PRIMARY));
  }
}
