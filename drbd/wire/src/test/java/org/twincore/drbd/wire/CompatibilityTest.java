package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.DocTable;

/// docs/drbd-compatibility.md has each packet, and no other.
class CompatibilityTest {
  @Test
  void eachPacket() throws IOException {
    Map<String, String> rows =
        DocTable.rows(Path.of("../../docs/drbd-compatibility.md"), "Packets");
    assertThat(rows.keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(PacketType.values()).map(PacketType::wireName).toList());
    assertThat(rows.values()).isSubsetOf("same", "better", "refused", "not yet");
  }
}
