package org.twincore.drbd.engine.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.testkit.CapturedSession;

class CapturedNodeTest {
  private static final int CONNECTIONS_MAX = 14;

  @ParameterizedTest
  @FieldSource("org.twincore.testkit.CapturedSession#DRBD_SESSIONS")
  void whatOneNodeSendsTheOtherReceives(String name) throws Exception {
    CapturedSession session = CapturedSession.ofDrbd(name);
    Set<Integer> all =
        IntStream.rangeClosed(1, CONNECTIONS_MAX).boxed().collect(Collectors.toSet());
    CapturedNode a = CapturedNode.of(session, "A", all);
    CapturedNode b = CapturedNode.of(session, "B", all);
    assertThat(sent(a)).isNotEmpty().isEqualTo(received(b));
    assertThat(sent(b)).isNotEmpty().isEqualTo(received(a));
  }

  private static List<FrameDecoder.Decoded> sent(CapturedNode node) {
    return node.steps().stream()
        .filter(CapturedNode.Sends.class::isInstance)
        .map(step -> ((CapturedNode.Sends) step).packet())
        .toList();
  }

  private static List<FrameDecoder.Decoded> received(CapturedNode node) {
    return node.steps().stream()
        .filter(CapturedNode.Receives.class::isInstance)
        .map(step -> ((CapturedNode.Receives) step).packet())
        .toList();
  }
}
