package org.twincore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.twincore.admin.AdminRequest.Goal;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.admin.AdminRequest.VolumeVerb;

final class RequestCodecTest {
  static List<AdminRequest> oneOfEach() {
    List<AdminRequest> all = new ArrayList<>();
    all.add(new AdminRequest.Hello());
    all.add(new AdminRequest.Status(Optional.empty()));
    all.add(new AdminRequest.Status(Optional.of("r0")));
    all.add(
        new AdminRequest.Report(
            ReportKind.JSON, Optional.of("r0"), List.of(ReportOption.STATISTICS)));
    all.add(
        new AdminRequest.Subscribe(
            Optional.empty(), List.of(ReportOption.NOW, ReportOption.TIMESTAMPS)));
    all.add(
        new AdminRequest.NewResource(
            "r0", Map.of("cpu-mask", "3"), Map.of("fence-peer", "/bin/true --now \"a b\"")));
    all.add(new AdminRequest.Why(Optional.of("r0"), 1, AdminRequest.Layout.JSON));
    for (AdminRequest.UndoVerb verb : AdminRequest.UndoVerb.values()) {
      all.add(new AdminRequest.Undo("r0", 1, verb, "/root/r0.img", AdminRequest.Layout.JSON));
    }
    all.add(
        new AdminRequest.Undo("r0", -1, AdminRequest.UndoVerb.LIST, "", AdminRequest.Layout.TEXT));
    all.add(new AdminRequest.Dossier("r0", 1, AdminRequest.Layout.TEXT, "{\"a\": [\"b\"]}"));
    all.add(new AdminRequest.Dossier("r0", 0, AdminRequest.Layout.JSON, ""));
    all.add(new AdminRequest.DeleteResource("r0"));
    all.add(new AdminRequest.NewMinor("r0", 7, 1));
    all.add(
        new AdminRequest.Attach(
            7, "/dev/sda7", "/dev/sdb", "0", Map.of("al-extents", "67", "md-flushes", "no")));
    all.add(new AdminRequest.Detach(7, true));
    all.add(
        new AdminRequest.Connect(
            "r0",
            "ipv4:10.0.0.1:7789",
            "ipv6:[::1]:7789",
            "node2",
            1,
            Map.of("protocol", "C"),
            true,
            false));
    all.add(new AdminRequest.Disconnect("r0", false));
    all.add(new AdminRequest.Down("r0"));
    all.add(new AdminRequest.Primary(0, true));
    for (VolumeVerb verb : VolumeVerb.values()) {
      all.add(new AdminRequest.Change(verb, 3));
    }
    all.add(new AdminRequest.NewCurrentUuid(0, true));
    all.add(new AdminRequest.Repair(3, AdminRequest.Side.PEER));
    all.add(new AdminRequest.Resize(3, 4096, true, false, 4, 64));
    all.add(new AdminRequest.VerifyReport(Optional.empty(), AdminRequest.Layout.TEXT));
    all.add(new AdminRequest.VerifyReport(Optional.of("r0"), AdminRequest.Layout.JSON));
    all.add(new AdminRequest.Verify(3, 80, AdminRequest.Verify.NOT_GIVEN));
    all.add(new AdminRequest.DiskOptions(0, Map.of(), true));
    all.add(new AdminRequest.NetOptions("r0", Map.of("timeout", "60"), false));
    all.add(new AdminRequest.ResourceOptions("r0", Map.of(), null, true));
    all.add(new AdminRequest.ResourceOptions("r0", Map.of(), Map.of("pri-lost", "x"), false));
    all.add(new AdminRequest.Await("r0", Goal.SYNCED, 0, 60, 120));
    all.add(new AdminRequest.Await("r0", 3, Goal.CONNECTED, 1, 2, 3, true));
    all.add(new AdminRequest.Shutdown());
    return all;
  }

  @Test
  void everyRequestSurvivesItsOwnLine() throws AdminFormatException {
    for (AdminRequest request : oneOfEach()) {
      String line = RequestCodec.encode(request);
      assertThat(line).doesNotContain("\n");
      assertThat(RequestCodec.decode(line)).isEqualTo(request);
    }
  }

  /// Walks the sealed type, so a new request cannot be forgotten above.
  @Test
  void theListAboveHasOneOfEach() {
    TreeSet<String> tried = new TreeSet<>();
    oneOfEach().forEach(request -> tried.add(request.getClass().getName()));
    TreeSet<String> permitted = new TreeSet<>();
    for (Class<?> type : AdminRequest.class.getPermittedSubclasses()) {
      permitted.add(type.getName());
    }
    assertThat(tried).isEqualTo(permitted);
  }

  @Test
  void aRequestReadsAsDocumented() {
    assertThat(RequestCodec.encode(new AdminRequest.Primary(0, true)))
        .isEqualTo("{\"request\":\"primary\",\"minor\":0,\"force\":true}");
    assertThat(RequestCodec.encode(new AdminRequest.Change(VolumeVerb.SECONDARY, 1)))
        .isEqualTo("{\"request\":\"secondary\",\"minor\":1}");
  }

  @Test
  void aLineThatIsNoRequestIsRefusedWithTheReason() {
    String[][] cases = {
      {"", "a JSON object was expected"},
      {"[]", "a JSON object was expected"},
      {"{", "no JSON"},
      {"{}", "\"request\" is missing"},
      {"{\"request\":7}", "\"request\" must be a text"},
      {"{\"request\":\"fly\"}", "unknown request \"fly\""},
      {"{\"request\":\"primary\"}", "\"minor\" must be a number"},
      {"{\"request\":\"primary\",\"minor\":99999999999}", "32 bits"},
      {"{\"request\":\"primary\",\"minor\":0,\"force\":\"yes\"}", "true or false"},
      {"{\"request\":\"primary\",\"minor\":0,\"farce\":true}", "unknown field \"farce\""},
      {"{\"request\":\"primary\",\"minor\":0,\"minor\":1}", "twice"},
      {"{\"request\":\"hello\"} {}", "behind"},
      {"{\"request\":\"report\",\"kind\":\"weather\"}", "unknown \"kind\""},
      {"{\"request\":\"disk-options\",\"minor\":0,\"options\":{\"a\":1}}", "object of texts"},
      {"[".repeat(5000), "expected"},
      {"{\"request\":" + "[".repeat(5000), "no JSON"},
    };
    for (String[] one : cases) {
      assertThatThrownBy(() -> RequestCodec.decode(one[0]))
          .as(one[0].substring(0, Math.min(60, one[0].length())))
          .isInstanceOf(AdminFormatException.class)
          .hasMessageContaining(one[1]);
    }
  }
}
