package org.twincore.cli.drbdmeta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.CompatibilityPage;

/// docs/drbd-compatibility.md has each command and each option of drbdmeta; what ours does not know
/// is refused there.
class CompatibilityTest {
  private static final CompatibilityPage PAGE =
      new CompatibilityPage(Path.of(System.getProperty("twincore.root")));

  @Test
  void eachCommandOfDrbdmeta() throws IOException {
    Set<String> rows = new TreeSet<>(PAGE.answers("Commands of drbdmeta").keySet());
    Set<String> refused = PAGE.refused("Commands of drbdmeta");
    assertThat(refused).allSatisfy(word -> assertThat(Command.named(word)).isEmpty());
    rows.removeAll(refused);
    assertThat(rows)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Command.values()).map(Command::word).toList());
  }

  @Test
  void eachOptionOfDrbdmeta() throws IOException {
    assertThat(PAGE.answers("Options of drbdmeta").keySet())
        .containsExactlyInAnyOrderElementsOf(Invocation.optionNames());
  }
}
