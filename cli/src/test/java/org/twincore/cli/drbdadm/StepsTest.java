package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.twincore.admin.AdminRequest;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.RunningResource;

/// From a configuration to requests, without a node.
class StepsTest {
  private static final String CONFIG =
      """
      common { net { ping-int 5; } handlers { split-brain "/bin/sb"; } }
      resource r0 {
        options { cpu-mask 3; }
        net { protocol A; timeout 50; }
        disk { resync-rate 10M; al-extents 5; }
        volume 0 { device minor 4; disk /dev/a; meta-disk internal; disk { c-plan-ahead 0; } }
        volume 1 { device minor 5; disk /dev/b; meta-disk /dev/m [2]; }
        on bob { address 10.0.0.2:7788; }
        on alice { address 10.0.0.1:7788; volume 1 { disk /dev/bb; } }
      }
      """;

  private static final String SHOW =
      """
      resource r0 {
          options { cpu-mask "3"; }
          net { protocol A; timeout 50; ping-int 5; }
          _remote_host { address ipv4 10.0.0.2:7788; }
          _this_host {
              address ipv4 10.0.0.1:7788;
              volume 0 {
                  device minor 4;
                  disk "/dev/a";
                  meta-disk internal;
                  disk { resync-rate 10240k; al-extents 67; c-plan-ahead 0; }
              }
              volume 1 {
                  device minor 5;
                  disk "/dev/bb";
                  meta-disk "/dev/m" [ 2 ];
                  disk { resync-rate 10240k; al-extents 67; }
              }
          }
      }
      """;

  private static NodeConfiguration all(String config) throws Exception {
    return TextSource.configuration(config);
  }

  private static List<AdminRequest> requests(List<Step> steps) {
    List<AdminRequest> requests = new ArrayList<>();
    for (Step step : steps) {
      if (step instanceof Step.Ask(List<String> _, AdminRequest request)) {
        requests.add(request);
      }
    }
    return requests;
  }

  private static List<Step> steps(StagedSteps staged) {
    return staged.ordered().stream().map(StagedSteps.Owned::step).toList();
  }

  private static List<Step> of(String config, String line) throws Exception {
    Invocation invocation = ArgumentParser.parse(List.of(line.split(" ")));
    NodeConfiguration all = all(config);
    List<Step> steps = new ArrayList<>();
    for (String name : invocation.resources()) {
      steps.addAll(new ResourceSteps(invocation, all).of(Target.named(name, all, invocation)));
    }
    return steps;
  }

  private static List<AdminRequest> adjust(String config, String show) throws Exception {
    NodeResource resource = all(config).resources().getFirst();
    StagedSteps staged = new StagedSteps();
    UpSteps up = new UpSteps(resource, Optional.empty(), List.of(), "no file");
    new AdjustSteps(resource, up, staged).add(RunningResource.read(show).getFirst());
    return requests(steps(staged));
  }

  @Test
  void upMakesResourceVolumesDisksAndConnection() throws Exception {
    NodeResource resource = all(CONFIG).resources().getFirst();
    StagedSteps staged = new StagedSteps();
    staged.addUp(
        Target.whole(resource),
        new UpSteps(resource, Optional.empty(), List.of("--timeout=40"), "no file"));

    assertThat(requests(steps(staged)))
        .containsExactly(
            new AdminRequest.NewResource(
                "r0", Map.of("cpu-mask", "3"), Map.of("split-brain", "/bin/sb")),
            new AdminRequest.NewMinor("r0", 4, 0),
            new AdminRequest.NewMinor("r0", 5, 1),
            new AdminRequest.Attach(
                4,
                "/dev/a",
                "/dev/a",
                "internal",
                Map.of("resync-rate", "10240", "al-extents", "67", "c-plan-ahead", "0")),
            new AdminRequest.Attach(
                5, "/dev/bb", "/dev/m", "2", Map.of("resync-rate", "10240", "al-extents", "67")),
            new AdminRequest.Connect(
                "r0",
                "ipv4:10.0.0.1:7788",
                "ipv4:10.0.0.2:7788",
                "bob",
                1,
                Map.of("protocol", "A", "timeout", "40", "ping-int", "5"),
                false,
                false));
  }

  @Test
  void volumeCommandsNameTheMinor() throws Exception {
    assertThat(requests(of(CONFIG, "primary --force r0/1")))
        .containsExactly(new AdminRequest.Primary(5, true));
    assertThat(requests(of(CONFIG, "secondary r0")))
        .containsExactly(
            new AdminRequest.Change(AdminRequest.VolumeVerb.SECONDARY, 4),
            new AdminRequest.Change(AdminRequest.VolumeVerb.SECONDARY, 5));
    assertThat(requests(of(CONFIG, "new-current-uuid --clear-bitmap minor-4")))
        .containsExactly(new AdminRequest.NewCurrentUuid(4, true));
    assertThat(requests(of(CONFIG, "connect --discard-my-data r0")).getFirst())
        .isInstanceOfSatisfying(
            AdminRequest.Connect.class, connect -> assertThat(connect.discardMyData()).isTrue());
    assertThat(requests(of(CONFIG, "disconnect --force r0")))
        .containsExactly(new AdminRequest.Disconnect("r0", true));
  }

  @Test
  void waitingTakesTheFilesTimeoutsUnlessTheCommandLineSaysOthers() throws Exception {
    String config = CONFIG.replace("options {", "startup { wfc-timeout 9; } options {");

    assertThat(requests(of(config, "wait-connect r0/0")))
        .containsExactly(new AdminRequest.Await("r0", AdminRequest.Goal.CONNECTED, 9, 0, 0));
    assertThat(requests(of(config, "wait-sync --wfc-timeout=3 r0/0")))
        .containsExactly(new AdminRequest.Await("r0", AdminRequest.Goal.SYNCED, 3, 0, 0));
  }

  @Test
  void metadataCommandsAreDrbdmetas() throws Exception {
    assertThat(of(CONFIG, "create-md --force r0/1"))
        .containsExactly(
            new Step.Metadata(
                List.of("drbdmeta", "5", "v08", "/dev/m", "2", "create-md", "--force")));
  }

  @Test
  void adjustLeavesWhatIsAsItShouldBe() throws Exception {
    assertThat(adjust(CONFIG.replaceAll("handlers \\{[^}]*}", ""), SHOW)).isEmpty();
  }

  @Test
  void adjustChangesOptionsWithoutDetachingOrDisconnecting() throws Exception {
    String config = CONFIG.replace("10M", "20M").replace("timeout 50", "timeout 30");

    assertThat(adjust(config, SHOW))
        .containsExactly(
            new AdminRequest.ResourceOptions(
                "r0", Map.of("cpu-mask", "3"), Map.of("split-brain", "/bin/sb"), true),
            new AdminRequest.DiskOptions(
                4, Map.of("resync-rate", "20480", "al-extents", "67", "c-plan-ahead", "0"), true),
            new AdminRequest.DiskOptions(
                5, Map.of("resync-rate", "20480", "al-extents", "67"), true),
            new AdminRequest.NetOptions(
                "r0", Map.of("protocol", "A", "timeout", "30", "ping-int", "5"), true));
  }

  @Test
  void adjustReconnectsAndReattachesOnlyForAnotherAddressOrDisk() throws Exception {
    String config =
        CONFIG
            .replaceAll("handlers \\{[^}]*}", "")
            .replace("10.0.0.2:7788", "10.0.0.3:7788")
            .replace("/dev/bb", "/dev/cc");

    assertThat(adjust(config, SHOW).stream().map(request -> request.getClass().getSimpleName()))
        .containsExactly("Detach", "Disconnect", "Attach", "Connect");
  }

  @Test
  void adjustRemovesAndAddsVolumes() throws Exception {
    String config =
        CONFIG
            .replaceAll("handlers \\{[^}]*}", "")
            .replace("volume 1 {", "volume 2 {")
            .replace("minor 5", "minor 6");

    assertThat(adjust(config, SHOW))
        .hasSize(4)
        .startsWith(
            new AdminRequest.Detach(5, false),
            new AdminRequest.Change(AdminRequest.VolumeVerb.DELETE_MINOR, 5),
            new AdminRequest.NewMinor("r0", 6, 2));
  }

  @Test
  void adjustAttachesWhatIsDisklessAndConnectsWhatIsAlone() throws Exception {
    String show =
        "resource r0 { options { cpu-mask 3; } _this_host { volume 0 { device minor 4; }"
            + " volume 1 { device minor 5; } } }";

    assertThat(
            adjust(CONFIG.replaceAll("handlers \\{[^}]*}", ""), show).stream()
                .map(request -> request.getClass().getSimpleName()))
        .containsExactly("Attach", "Attach", "Connect");
  }
}
