package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.daemon.report.Samples.SECOND;
import static org.twincore.daemon.report.Samples.state;
import static org.twincore.daemon.report.Samples.volume;
import static org.twincore.daemon.report.Samples.with;

import org.junit.jupiter.api.Test;
import org.twincore.daemon.report.ProcText.Details;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.Counters;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// The bar and its figures; expected lines marked "seen" stood in a kernel node's /proc/drbd.
class ProgressTextTest {
  private static final StateWord SOURCE =
      state("Primary/Secondary", "SyncSource", "UpToDate/Inconsistent");
  private static final StateWord TARGET =
      state("Secondary/Primary", "SyncTarget", "Inconsistent/UpToDate");

  /// A resync of `totalKib` that started `seconds` ago and has made no mark since.
  private static Progress young(long leftKib, long totalKib, long seconds, long wantKib) {
    long start = -seconds * SECOND;
    return new Progress(
        totalKib / 4,
        leftKib / 4,
        0,
        start,
        0,
        start,
        totalKib / 4,
        start,
        totalKib / 4,
        wantKib,
        4096,
        ResourceStatus.Course.WHOLE);
  }

  private static String text(StateWord state, Progress progress, boolean details) {
    return ProgressText.of(with(volume(0, state, Counters.ZERO), progress), 0, details);
  }

  @Test
  void aSourceTellsNoWantedSpeed() {
    assertThat(text(SOURCE, young(65288, 65496, 0, 0), false)) // seen
        .isEqualTo(
            """
            \t[>...................] sync'ed:  6.3% (65288/65496)K
            \tfinish: 0:02:43 speed: 208 (208) K/sec
            """);
  }

  @Test
  void aTargetTellsTheWantedSpeed() {
    assertThat(text(TARGET, young(64456, 65496, 1, 2048), false)) // seen
        .isEqualTo(
            """
            \t[>...................] sync'ed:  6.3% (64456/65496)K
            \tfinish: 0:00:53 speed: 1,040 (1,040) want: 2,048 K/sec
            """);
  }

  @Test
  void theVerifyingSideTellsTheWantedSpeedToo() {
    StateWord verify = state("Primary/Secondary", "VerifyS", "UpToDate/UpToDate");
    assertThat(text(verify, young(61416, 65496, 2, 2048), false)) // seen
        .isEqualTo(
            """
            \t[=>..................] verified: 12.5% (61416/65496)K
            \tfinish: 0:00:27 speed: 2,040 (2,040) want: 2,048 K/sec
            """);
    StateWord other = state("Secondary/Primary", "VerifyT", "UpToDate/UpToDate");
    assertThat(text(other, young(62640, 65496, 1, 2048), false)) // seen
        .endsWith("\tfinish: 0:00:19 speed: 2,856 (2,856) K/sec\n");
  }

  @Test
  void detailsAddTheLastSpeedPositionAndCaches() {
    VolumeStatus small = volume(0, SOURCE, Counters.ZERO);
    VolumeStatus syncing = with(sized(small, 130992), young(63416, 65496, 1, 0));
    String text =
        ProcText.render(
            Banner.current(),
            java.util.List.of(Samples.resource("r0", syncing)),
            0,
            Details.WAITERS);
    assertThat(text) // seen, but for the caches' sizes
        .endsWith(
            """
            \t[>...................] sync'ed:  6.3% (63416/65496)K
            \tfinish: 0:00:26 speed: 2,080 (2,080 -- 2,080) K/sec
            \t  3% sector pos: 4096/130992
            \tresync: used:0/31 hits:0 misses:0 starving:0 locked:0 changed:0
            \tact_log: used:0/127 hits:0 misses:0 starving:0 locked:0 changed:0
            \tblocked on activity log: 0
            """);
  }

  private static VolumeStatus sized(VolumeStatus volume, long sectors) {
    return new VolumeStatus(
        volume.volume(),
        volume.minor(),
        volume.state(),
        sectors,
        volume.outOfSyncBlocks(),
        volume.uuids(),
        volume.metadataFlags(),
        volume.openers(),
        volume.activityLogSuspended(),
        volume.counters(),
        volume.load(),
        volume.progress());
  }

  @Test
  void nothingIsSaidWhilePausedOrConnected() {
    StateWord paused = state("Primary/Secondary", "PausedSyncS", "UpToDate/Inconsistent");
    assertThat(text(paused, young(1024, 2048, 1, 0), false)).isEmpty();
    assertThat(ProgressText.of(volume(0, SOURCE, Counters.ZERO), 0, false)).isEmpty();
  }

  @Test
  void moreThanFourGibibytesAreToldInMebibytes() {
    long total = 8L << 20;
    assertThat(text(SOURCE, young(total / 2, total, 3600, 0), false)).contains("(4096/8192)M");
    long limit = 4L << 20;
    assertThat(text(SOURCE, young(limit / 2, limit, 3600, 0), false))
        .contains("(2097152/4194304)K");
  }

  @Test
  void aMarkOlderThanThreeMinutesMeansStalled() {
    assertThat(text(SOURCE, young(1 << 20, 2 << 20, 180, 0), false)).endsWith(" K/sec\n");
    assertThat(text(SOURCE, young(1 << 20, 2 << 20, 181, 0), false)).endsWith(" K/sec (stalled)\n");
  }

  @Test
  void theBarGoesFromAnEmptyToAFullOne() {
    assertThat(figures(1 << 20, 1 << 20).bar()).isEqualTo("[>....................] ");
    assertThat(figures(1 << 30, 1 << 30).bar()).isEqualTo("[>....................] ");
    assertThat(figures(0, 1 << 20).bar()).isEqualTo("[===================>] ");
    assertThat(figures(0, 1 << 20).percent()).isEqualTo("100.0%");
    assertThat(figures(1 << 29, 1 << 30).percent()).isEqualTo(" 50.1%");
  }

  @Test
  void moreLeftThanThereWasIsNothingDone() {
    assertThat(figures(2000, 1000).percent()).isEqualTo("  0.0%");
    assertThat(figures(2000, 1000).amount()).isEqualTo("(1000/1000)K");
    assertThat(figures(0, 0).percent()).isEqualTo("100.0%");
  }

  @Test
  void longWaitsAreToldInHoursWithoutEnd() {
    Progress slow = young(400L << 20, 401L << 20, 1000, 0);
    assertThat(ProgressFigures.of(slow, 0).finish()).isEqualTo("finish: 111:05:10");
  }

  @Test
  void pausedTimeDoesNotCountForTheMean() {
    Progress paused =
        new Progress(
            25600,
            12800,
            0,
            -100 * SECOND,
            50 * SECOND,
            -50 * SECOND,
            25600,
            0,
            12800,
            0,
            0,
            ResourceStatus.Course.WHOLE);
    assertThat(ProgressFigures.of(paused, 0).meanSpeed()).isEqualTo(1024);
  }

  private static ProgressFigures figures(long leftKib, long totalKib) {
    return ProgressFigures.of(young(leftKib, totalKib, 10, 0), 0);
  }
}
