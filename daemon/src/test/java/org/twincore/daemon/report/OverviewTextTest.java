package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.daemon.report.Samples.progress;
import static org.twincore.daemon.report.Samples.resource;
import static org.twincore.daemon.report.Samples.state;
import static org.twincore.daemon.report.Samples.volume;
import static org.twincore.daemon.report.Samples.with;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;

/// The columns of drbd-overview as the original pads them, blanks at the end included.
class OverviewTextTest {
  private static final long GIB = 1L << 30;

  @Test
  void aRowAVolumeWithItsMountAndProgress() {
    ReportedResource mail =
        resource(
            "mail",
            volume(0, state("Primary/Secondary", "Connected", "UpToDate/UpToDate"), Counters.ZERO));
    ReportedResource web =
        resource(
            "web",
            with(
                volume(
                    1,
                    state("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent"),
                    Counters.ZERO),
                progress(638976, 1048576, 638976 + 4096, 5, 15)));
    String text =
        OverviewText.render(
            List.of(web, mail),
            Map.of(0, new OverviewText.Usage("/srv/mail", "ext4", 200 * GIB, 158 * GIB, 42 * GIB)),
            0);
    assertThat(text.lines().toList())
        .containsExactly(
            " 0:mail/0  Connected  Primary/Secondary UpToDate/UpToDate     /srv/mail ext4 200G"
                + " 158G 42G 79% ",
            " 1:web/1   SyncSource Primary/Secondary UpToDate/Inconsistent ",
            "\t[======>.............] sync'ed: 39.3% (638976/1048576)K");
  }

  @Test
  void aVolumeWithoutDiskAndNetworkIsUnconfigured() {
    ReportedResource old =
        resource(
            "old",
            volume(
                12, state("Secondary/Unknown", "StandAlone", "Diskless/DUnknown"), Counters.ZERO));
    assertThat(OverviewText.render(List.of(old), Map.of(), 0))
        .isEqualTo("12:old/12  Unconfigured . . \n");
  }

  @Test
  void sizesAreThoseOfDf() {
    assertThat(OverviewText.human(0)).isEqualTo("0");
    assertThat(OverviewText.human(1023)).isEqualTo("1023");
    assertThat(OverviewText.human(1024)).isEqualTo("1.0K");
    assertThat(OverviewText.human(1025)).isEqualTo("1.1K");
    assertThat(OverviewText.human(10 * 1024)).isEqualTo("10K");
    assertThat(OverviewText.human(10 * 1024 + 1)).isEqualTo("11K");
    assertThat(OverviewText.human(1024 * 1024 - 1)).isEqualTo("1.0M");
    assertThat(OverviewText.human(158 * GIB)).isEqualTo("158G");
    assertThat(OverviewText.human(3 * GIB / 2)).isEqualTo("1.5G");
  }
}
