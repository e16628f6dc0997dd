package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.Waiting;

class WhyReportTest {
  private static final ReportedResource RESOURCE =
      new ReportedResource(
          new ResourceStatus(
              "mail",
              ConnectionState.WF_CONNECTION,
              Optional.empty(),
              0,
              'f',
              0,
              List.of(),
              List.of()),
          new ReportedResource.Network("ipv4:10.0.0.1:7789", "ipv4:10.0.0.2:7789", "beta", 0));

  private static final List<WhyReport.OfResource> FOUND =
      List.of(
          new WhyReport.OfResource(
              RESOURCE,
              List.of(
                  new Waiting(
                      Waiting.RESOURCE,
                      Waiting.Topic.CONNECTION,
                      "WFConnection",
                      "the last dial failed: \"refused\"",
                      "both sides reach each other",
                      1_000_000_000L),
                  new Waiting(1, Waiting.Topic.PROMOTION, "not promotable", "", "attach", 0))));

  @Test
  void tellsPeopleToWhomSinceWhenAndUntilWhat() {
    assertThat(WhyReport.text(FOUND, 66_000_000_000L))
        .isEqualTo(
            """
            mail
              connection: WFConnection, peer beta ipv4:10.0.0.2:7789, for 1 min 5 s
                because the last dial failed: "refused"
                until both sides reach each other
              volume 1 promotion: not promotable
                until attach
            """);
  }

  @Test
  void aResourceInItsBestStateWaitsForNothing() {
    assertThat(WhyReport.text(List.of(new WhyReport.OfResource(RESOURCE, List.of())), 0))
        .isEqualTo("mail waits for nothing\n");
  }

  @Test
  void tellsProgramsTheSame() {
    assertThat(WhyReport.json(FOUND, 66_000_000_000L))
        .isEqualTo(
            """
            [
            {
              "name": "mail",
              "peer": "beta",
              "peer-address": "ipv4:10.0.0.2:7789",
              "waits": [
                {
                  "topic": "connection",
                  "state": "WFConnection",
                  "because": "the last dial failed: \\"refused\\"",
                  "until": "both sides reach each other",
                  "since-ms": 65000
                },
                {
                  "volume": 1,
                  "topic": "promotion",
                  "state": "not promotable",
                  "because": "",
                  "until": "attach"
                } ]
            }
            ]
            """);
  }
}
