package org.twincore.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.admin.AdminAnswer.Result;
import org.twincore.admin.ResourceView.CountersView;
import org.twincore.admin.ResourceView.Paths;
import org.twincore.admin.ResourceView.ProgressView;
import org.twincore.admin.ResourceView.Suspension;
import org.twincore.admin.ResourceView.VolumeView;

final class AnswerCodecTest {
  private static ResourceView view() {
    VolumeView volume =
        new VolumeView(
            1,
            7,
            "Primary",
            "Secondary",
            "SyncSource",
            "UpToDate",
            "Inconsistent",
            new Suspension(false, true, false, true, false, true),
            2097016,
            77,
            List.of("0123456789ABCDEF", "0000000000000000"),
            0x27,
            2,
            true,
            new Paths("/dev/sda7", "/dev/sdb", "0"),
            new CountersView(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            List.of(new ProgressView(11, 12, 13, 14, 15, 16, 17, 18, 19)));
    return new ResourceView(
        "r0",
        "Connected",
        "C",
        101,
        "f",
        2,
        "ipv4:10.0.0.1:7789",
        "ipv4:10.0.0.2:7789",
        "node2",
        List.of(volume),
        List.of("the peer's disk"));
  }

  @Test
  void everyAnswerSurvivesItsOwnLine() throws AdminFormatException {
    List<AdminAnswer> all =
        List.of(
            Result.DONE,
            new Result(Kind.CONFIG, 125, "already has \"net\" config\nsecond line"),
            new Result(Kind.WAIT, 5, "timed out"),
            new AdminAnswer.Text("r0 role:Primary\n\n"),
            new AdminAnswer.Status(List.of(view())),
            new AdminAnswer.Status(List.of()),
            new AdminAnswer.Info(
                "core-01", new AdminVersion("0.1", 7), 4711, 99, List.of("nbd://127.0.0.1:10809")),
            new AdminAnswer.Line("exists -"),
            new AdminAnswer.End(),
            new AdminAnswer.Failed("no"));
    for (AdminAnswer answer : all) {
      String line = AnswerCodec.encode(answer);
      assertThat(line).doesNotContain("\n");
      assertThat(AnswerCodec.decode(line)).isEqualTo(answer);
    }
  }

  @Test
  void exitCodesAreThoseOfDrbdsetup() {
    assertThat(new Result(Kind.STATE, 2, "").exitCode()).isZero();
    assertThat(new Result(Kind.STATE, -2, "").exitCode()).isEqualTo(17);
    assertThat(new Result(Kind.STATE, -16, "").exitCode()).isEqualTo(5);
    assertThat(new Result(Kind.STATE, -4, "").exitCode()).isEqualTo(16);
    assertThat(new Result(Kind.STATE, -12, "").exitCode()).isEqualTo(11);
    assertThat(new Result(Kind.STATE, 0, "").exitCode()).isEqualTo(11);
    assertThat(new Result(Kind.CONFIG, 101, "").exitCode()).isZero();
    assertThat(new Result(Kind.CONFIG, 124, "").exitCode()).isEqualTo(10);
    assertThat(new Result(Kind.WAIT, 5, "").exitCode()).isEqualTo(5);
  }

  @Test
  void aNewerDaemonMaySayMore() throws AdminFormatException {
    assertThat(AnswerCodec.decode("{\"answer\":\"end\",\"why\":\"tea\"}"))
        .isEqualTo(new AdminAnswer.End());
  }
}
