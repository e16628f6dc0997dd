package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.CompatibilityPage;

/// docs/drbd-compatibility.md has each packet, and no other.
class CompatibilityTest {
  /// Numbers 5 and 6 of the kernel's list, which it neither sends nor takes.
  private static final List<String> UNUSED =
      List.of("P_BECOME_SYNC_TARGET", "P_BECOME_SYNC_SOURCE");

  @Test
  void eachPacket() throws IOException {
    assertThat(new CompatibilityPage(Path.of("../..")).answers("Packets").keySet())
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(
                    Arrays.stream(PacketType.values()).map(PacketType::wireName), UNUSED.stream())
                .toList());
    assertThat(PacketType.ofCode(5)).isEmpty();
    assertThat(PacketType.ofCode(6)).isEmpty();
  }
}
