package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/// Tools and node of two versions talk to each other: the answer is right, or a refusal that names
/// both versions.
final class SpokenAcross {
  private static final String REFUSED =
      "(?s).*unknown (request|field|\").*The node runs twincore .*\\(admin protocol \\d+\\),"
          + " this tool is of twincore .*\\(admin protocol \\d+\\).*docs/upgrading.md.*";

  private SpokenAcross() {}

  /// What an admin asks during an upgrade is answered, whoever is newer.
  static void assertAnswers(UpgradedHost host) throws IOException, InterruptedException {
    assertThat(host.drbdadm("status", "r0")).contains("r0 role:", "disk:UpToDate");
    assertThat(host.drbdadm("proc")).contains(" 0: cs:Connected");
    assertThat(host.drbdadm("role", "r0")).matches("(Primary|Secondary)/(Primary|Secondary)\n");
    host.drbdadm("net-options", "--ping-timeout=31", "r0");
    host.drbdadm("adjust", "r0");
    for (String word : new String[] {"why", "undo-split-brain"}) {
      assertAnsweredOrRefused(host.tryDrbdadm(word, "r0"));
    }
  }

  private static void assertAnsweredOrRefused(Tool asked) {
    boolean isAnswered = asked.exitCode() == 0;
    boolean isUnknownToTheTool = asked.exitCode() == 1;
    boolean isRefused = asked.exitCode() == 20 && asked.output().matches(REFUSED);
    assertThat(isAnswered || isUnknownToTheTool || isRefused).as(asked.toString()).isTrue();
  }
}
