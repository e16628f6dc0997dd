package org.twincore.daemon.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.twincore.admin.AdminRequest.ReportOption;

/// From the same facts our texts are byte for byte those that a kernel node's tools printed.
class KernelScenesTest {

  @TestFactory
  List<DynamicTest> eachTextIsTheKernelNodes() {
    List<DynamicTest> tests = new ArrayList<>();
    for (KernelScene scene : KernelScene.all()) {
      for (Map.Entry<String, String> printed : scene.printed().entrySet()) {
        tests.add(
            DynamicTest.dynamicTest(
                scene.name() + ": " + printed.getKey(),
                () -> assertThat(render(scene, printed.getKey())).isEqualTo(printed.getValue())));
      }
    }
    return tests;
  }

  @Test
  void theScenesCoverEachOption() {
    assertThat(KernelScene.all()).hasSizeGreaterThan(20);
    assertThat(KernelScene.all().getLast().printed())
        .containsKeys("status --verbose --color=always", "events2 --now --statistics");
  }

  @Test
  void localeAndTimeZoneChangeNothing() {
    KernelScene scene = KernelScene.all().get(4);
    String before = render(scene, "status --verbose --statistics");
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    try {
      Locale.setDefault(Locale.of("ar", "EG"));
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kolkata"));
      assertThat(render(scene, "status --verbose --statistics")).isEqualTo(before);
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
    }
  }

  private static String render(KernelScene scene, String command) {
    List<ReportedResource> resources = scene.resources();
    if (command.equals("cat /proc/drbd")) {
      return ProcText.render(scene.banner(), resources, 0, ProcText.Details.NONE);
    }
    boolean statistics = command.contains("--statistics");
    if (command.startsWith("events2")) {
      return String.join("\n", new Events2Text(statistics).existing(resources)) + "\n";
    }
    Set<ReportOption> options = EnumSet.noneOf(ReportOption.class);
    if (statistics) {
      options.add(ReportOption.STATISTICS);
    }
    if (command.contains("--verbose")) {
      options.add(ReportOption.VERBOSE);
    }
    if (command.contains("--color")) {
      options.add(ReportOption.COLOR);
    }
    return StatusText.render(resources, options);
  }
}
