package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Settings that the nodes tell each other and that do not match, ours one way and the kernel's the
/// other, and the other way round: whoever hears of it first says which setting it is and goes
/// StandAlone, and so does a kernel beside a kernel.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelSettingsTest {
  @TempDir private static Path folder;
  private static KernelScene scene;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  /// The setting, and two values that do not go together.
  @ParameterizedTest
  @CsvSource({
    "protocol,B,C",
    "protocol,C,A",
    "after-sb-0pri,discard-zero-changes,disconnect",
    "after-sb-0pri,disconnect,discard-younger-primary",
    "after-sb-1pri,consensus,disconnect",
    "after-sb-1pri,disconnect,discard-secondary",
    "after-sb-2pri,violently-as0p,disconnect",
    "after-sb-2pri,disconnect,violently-as0p",
    "allow-two-primaries,yes,no",
    "allow-two-primaries,no,yes",
    "data-integrity-alg,sha1,md5",
    "data-integrity-alg,crc32c,sha1",
  })
  void whatDoesNotMatchIsNamedByWhoeverSeesIt(String setting, String ours, String theirs)
      throws Exception {
    boolean isProtocol = setting.equals("protocol");
    scene.fresh(
        isProtocol ? theirs : "C",
        setting + " " + ours + ";",
        isProtocol ? "" : "--" + setting + "=" + theirs);
    awaitOneStandsAlone();
    Thread.sleep(2_000); // and whoever tries again has had the time to
    String ourState = scene.node.volume().orElseThrow().connection();
    String kernelsState = scene.kernel.run("field cs").strip();
    assertThat(ourState).isIn("StandAlone", "WFConnection", "Unconnected");
    assertThat(kernelsState).isIn("StandAlone", "WFConnection", "Unconnected");
    if (ourState.equals("StandAlone")) {
      assertThat(scene.node.newLog()).contains(setting + " differs");
    }
    if (kernelsState.equals("StandAlone")) {
      assertThat(scene.kernelLog()).contains("incompatible " + setting + " settings");
    }
  }

  private static void awaitOneStandsAlone() throws IOException, InterruptedException {
    for (int tries = 0; tries < 300; tries++) {
      if (scene.node.volume().orElseThrow().connection().equals("StandAlone")
          || scene.kernel.run("field cs").strip().equals("StandAlone")) {
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError(
        "neither is StandAlone:\n" + scene.node.newLog() + "\n" + scene.kernelLog());
  }
}
