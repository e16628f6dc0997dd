package org.twincore.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.twincore.admin.AdminRequest.Goal;
import org.twincore.admin.AdminRequest.Layout;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.admin.AdminRequest.Side;

/// `requests/N.txt` holds what a tool of admin protocol N may ask, one request a line.
final class AdminVersionTest {
  private static List<AdminRequest> all() {
    List<AdminRequest> all = new ArrayList<>(RequestCodecTest.oneOfEach());
    for (ReportKind kind : ReportKind.values()) {
      all.add(new AdminRequest.Report(kind, Optional.empty(), List.of(ReportOption.values())));
    }
    for (Goal goal : Goal.values()) {
      all.add(new AdminRequest.Await("r0", goal, 1, 2, 3));
    }
    for (Side side : Side.values()) {
      all.add(new AdminRequest.Repair(0, side));
    }
    for (Layout layout : Layout.values()) {
      all.add(new AdminRequest.Why(Optional.empty(), 0, layout));
    }
    return all;
  }

  private static List<String> lines(int protocol) throws IOException {
    String name = "/requests/" + protocol + ".txt";
    try (InputStream in = AdminVersionTest.class.getResourceAsStream(name)) {
      assertThat(in).as("%s is missing", name).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  @Test
  void whatToolsOfEachVersionAskIsUnderstood() throws Exception {
    for (int protocol = 1; protocol <= AdminVersion.OWN.protocol(); protocol++) {
      for (String line : lines(protocol)) {
        assertThat(RequestCodec.decode(line)).as(line).isNotNull();
      }
    }
  }

  /// Fails when the language grows: raise the number, if the last one was released, and write the
  /// file of the new one.
  @Test
  void aRequestThatIsNewRaisesTheNumber() throws Exception {
    Set<AdminRequest> written = new LinkedHashSet<>();
    for (String line : lines(AdminVersion.OWN.protocol())) {
      written.add(RequestCodec.decode(line));
    }
    assertThat(new LinkedHashSet<>(all())).containsExactlyInAnyOrderElementsOf(written);
  }

  @Test
  void aNodeThatTellsNoNumberHasTheFirst() throws Exception {
    AdminAnswer answer =
        AnswerCodec.decode(
            "{\"answer\":\"info\",\"node\":\"a\",\"version\":\"0.1.0\",\"pid\":1,\"started-millis\":2,\"nbd\":[]}");
    assertThat(answer)
        .isInstanceOfSatisfying(
            AdminAnswer.Info.class,
            info ->
                assertThat(info.version())
                    .hasToString("twincore 0.1.0 (admin protocol 1)")
                    .isNotEqualTo(AdminVersion.OWN));
  }
}
