package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.twincore.drbd.wire.PacketType;
import org.twincore.testkit.PcapFile;

/// Wireshark reads the recorded scenarios beside a kernel node as we do, and finds nothing
/// malformed.
@Tag("full")
@Timeout(120)
class KernelCapturesTest {
  static List<PcapFile> captures() throws IOException {
    return PcapFile.besideAKernel();
  }

  @ParameterizedTest
  @MethodSource("captures")
  void areWellFormed(PcapFile capture) throws Exception {
    assertThat(Dissection.check(capture)).containsKey(PacketType.INITIAL_DATA);
  }
}
