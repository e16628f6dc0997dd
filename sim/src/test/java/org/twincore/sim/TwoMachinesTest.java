package org.twincore.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A seed takes the same course in another process: nothing depends on identity hashes, on the
/// order of hash tables, or on what ran before.
@Tag("slow")
class TwoMachinesTest {
  private static final List<Long> SEEDS = List.of(3L, 11L, 20_003L);

  @Test
  void aSeedHasTheSameHashInAnotherMachine() throws IOException, InterruptedException {
    List<String> here = new ArrayList<>();
    for (long seed : SEEDS) {
      here.add(new Run(seed, _ -> {}, false, Run.Plant.NOTHING).toEnd().toString());
    }
    List<String> there = new ArrayList<>();
    for (long seed : SEEDS.reversed()) {
      there.addFirst(inAnotherMachine(seed));
    }
    assertThat(there).isEqualTo(here);
  }

  /// The last line that the command line prints for the seed.
  private static String inAnotherMachine(long seed) throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--seed",
                Long.toString(seed))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    List<String> lines = output.lines().toList();
    return lines.getLast();
  }
}
