package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.daemon.report.Samples.counters;
import static org.twincore.daemon.report.Samples.progress;
import static org.twincore.daemon.report.Samples.resource;
import static org.twincore.daemon.report.Samples.state;
import static org.twincore.daemon.report.Samples.volume;
import static org.twincore.daemon.report.Samples.with;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.JsonText;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.wire.StateWord;
import org.twincore.testkit.Golden;

class StatusJsonTest {
  private static final StateWord ESTABLISHED =
      state("Primary/Secondary", "Connected", "UpToDate/UpToDate");
  private static final StateWord TARGET =
      state("Secondary/Primary", "SyncTarget", "Inconsistent/UpToDate");

  private static final List<ReportedResource> RESOURCES =
      List.of(
          resource(
              "web",
              with(
                  volume(1, TARGET, counters(0, 65536, 65536, 0, 1, 2, 3, 4, 5, 6)),
                  progress(458848, 520196, 458848 + 4356 * 5, 5, 15))),
          resource("mail", volume(0, ESTABLISHED, counters(1048, 0, 1048, 2120, 3, 0, 0, 0, 0, 0))),
          resource("alone", volume(9, StateWord.INITIAL, Counters.ZERO)));

  @Test
  void isTheShapeThatExportersRead() {
    Golden.check("src/test/golden/status.json", StatusJson.render(RESOURCES, 0));
  }

  @Test
  void isJsonThatParsesBack() throws AdminFormatException {
    String text = StatusJson.render(RESOURCES, 0);
    Map<String, Object> parsed = JsonText.parseObject("{\"all\":" + text + "}");
    assertThat(parsed.toString())
        .startsWith("{all=[{name=alone, node-id=0, role=Secondary, suspended=false")
        .contains("peer-node-id=1, name=node2, connection-state=Connected")
        .contains("db1/dt1 [MiB/s]=4.25")
        .contains("percent-resync-done=11.79");
  }

  @Test
  void namesAreQuoted() throws AdminFormatException {
    ReportedResource odd = resource("a\"\\\n", volume(0, ESTABLISHED, Counters.ZERO));
    String text = StatusJson.render(List.of(odd), 0);
    assertThat(JsonText.parseObject("{\"all\":" + text + "}").toString())
        .startsWith("{all=[{name=a\"\\\n, node-id");
  }

  @Test
  void withoutResourcesItIsAnEmptyArray() {
    assertThat(StatusJson.render(List.of(), 0)).isEqualTo("[\n]\n");
  }
}
