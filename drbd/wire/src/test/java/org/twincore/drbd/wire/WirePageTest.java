package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// docs/wire.md says of each packet whether it is spoken.
class WirePageTest {
  @Test
  void saysWhatEachVersionBrought() throws Exception {
    Path root = Path.of(System.getProperty("twincore.root", ""));
    int[] rows =
        Files.readString(root.resolve("docs/wire.md"))
            .lines()
            .filter(line -> line.matches("\\| \\d+ \\|.*"))
            .mapToInt(line -> Integer.parseInt(line.split("\\|", 3)[1].strip()))
            .distinct()
            .toArray();
    assertThat(rows)
        .contains(Arrays.stream(Since.values()).mapToInt(Since::version).distinct().toArray());
  }

  @Test
  void namesEveryPacket() throws Exception {
    Path root = Path.of(System.getProperty("twincore.root", ""));
    String[] rows =
        Files.readString(root.resolve("docs/wire.md"))
            .lines()
            .filter(line -> line.startsWith("| P_"))
            .flatMap(line -> Arrays.stream(line.split("\\|", 3)[1].strip().split(", ")))
            .toArray(String[]::new);
    assertThat(rows)
        .containsExactlyInAnyOrder(
            Arrays.stream(PacketType.values()).map(PacketType::wireName).toArray(String[]::new));
  }
}
