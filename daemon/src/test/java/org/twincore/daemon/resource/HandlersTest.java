package org.twincore.daemon.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HandlersTest {
  @TempDir Path folder;

  private static int run(Handlers handlers, String name) throws Exception {
    CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    handlers.run(name, Map.of("DRBD_RESOURCE", "r0"), exitCode::complete);
    return exitCode.get(10, TimeUnit.SECONDS);
  }

  @Test
  void givesEnvironmentAndExitCode() throws Exception {
    Path seen = folder.resolve("seen");
    Handlers handlers =
        new Handlers("r0", Map.of("fence-peer", "echo $DRBD_RESOURCE >" + seen + "; exit 4"));

    assertThat(run(handlers, "fence-peer")).isEqualTo(4);
    assertThat(seen).hasContent("r0");
  }

  @Test
  void answersZeroWithoutAHandler() throws Exception {
    assertThat(run(new Handlers("r0", Map.of()), "fence-peer")).isZero();
  }
}
