package org.twincore.daemon.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandlersTest {
  @TempDir Path folder;
  private final List<String> log = new ArrayList<>();
  private final Logger logger = Logger.getLogger("org.twincore.handler");
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          synchronized (log) {
            log.add(
                MessageFormat.format(
                    entry.getMessage(),
                    entry.getParameters() == null ? new Object[0] : entry.getParameters()));
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(listener);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void stopListening() {
    logger.removeHandler(listener);
    logger.setUseParentHandlers(true);
  }

  private Handlers handlers(Map<String, String> programs, Duration limit) {
    return new Handlers(
        "r0", programs, new Handlers.Surroundings("one", Path.of("/the/run/folder"), limit));
  }

  private Handlers handlers(Map<String, String> programs) {
    return handlers(programs, Duration.ofSeconds(60));
  }

  private static CompletableFuture<Integer> start(Handlers handlers, String name) {
    CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    handlers.run(name, Map.of("DRBD_RESOURCE", "r0"), exitCode::complete);
    return exitCode;
  }

  private static int run(Handlers handlers, String name) throws Exception {
    return start(handlers, name).get(30, TimeUnit.SECONDS);
  }

  private List<String> logged() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }

  @Test
  void givesEnvironmentAndExitCode() throws Exception {
    Path seen = folder.resolve("seen");
    Handlers handlers =
        handlers(
            Map.of(
                "fence-peer",
                "echo $DRBD_RESOURCE $DRBD_CONF $TWINCORE_NODE $TWINCORE_RUN >" + seen + "; exit 4",
                "DRBD_CONF",
                "/etc/my.conf"));

    assertThat(run(handlers, "fence-peer")).isEqualTo(4);
    assertThat(seen).hasContent("r0 /etc/my.conf one /the/run/folder");
  }

  @Test
  void answersZeroWithoutAHandler() throws Exception {
    assertThat(run(handlers(Map.of("DRBD_CONF", "x")), "fence-peer")).isZero();
    assertThat(logged()).isEmpty();
  }

  @Test
  void logsWhatItSaysAndHowItEnds() throws Exception {
    assertThat(
            run(handlers(Map.of("split-brain", "echo one; echo two >&2; exit 7")), "split-brain"))
        .isEqualTo(7);
    assertThat(logged())
        .contains(
            "resource=r0 handler=split-brain says: one",
            "resource=r0 handler=split-brain says: two")
        .anyMatch(line -> line.startsWith("resource=r0 handler=split-brain exit=7 millis="));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/no/such/program", "exec /no/such/program", "/dev/null"})
  void aMissingProgramIsAFailure(String program) throws Exception {
    assertThat(run(handlers(Map.of("fence-peer", program)), "fence-peer")).isBetween(126, 127);
    assertThat(logged()).anyMatch(line -> line.contains("exit=12"));
  }

  /// A signal is no exit code of a handler's own.
  @Test
  void aProgramThatIsKilledIsAFailure() throws Exception {
    assertThat(run(handlers(Map.of("fence-peer", "kill -9 $$")), "fence-peer")).isEqualTo(128 + 9);
  }

  /// Children, grandchildren, and one whose parent is gone: all are ended at the limit.
  @Test
  void aHangingProgramIsEndedWithItsChildren() throws Exception {
    Path pids = folder.resolve("pids");
    String program =
        "echo $$ >>P; (sleep 1000 & echo $! >>P; wait) & "
            + "(setsid sleep 1000 & echo $! >>P) ; trap '' TERM; sleep 1000 & echo $! >>P; wait; wait";
    Handlers handlers =
        handlers(
            Map.of("fence-peer", program.replace("P", pids.toString())), Duration.ofSeconds(2));

    assertThat(run(handlers, "fence-peer")).isEqualTo(20);
    List<String> started = Files.readAllLines(pids);
    assertThat(started).hasSize(4);
    for (String pid : started) {
      assertThat(isRunning(pid)).as("process " + pid).isFalse();
    }
    assertThat(logged())
        .contains(
            "resource=r0 handler=fence-peer took more than 2 s: ended, with all that it started")
        .anyMatch(line -> line.startsWith("resource=r0 handler=fence-peer exit=20 "));
  }

  private static boolean isRunning(String pid) throws IOException {
    Path status = Path.of("/proc", pid, "status");
    return Files.exists(status)
        && Files.readAllLines(status).stream().noneMatch(it -> it.matches("State:\\s+[ZX].*"));
  }

  /// The exit code is that of the program, not of what it left behind with its output open.
  @Test
  void doesNotWaitForWhatAProgramLeavesBehind() throws Exception {
    Path pid = folder.resolve("pid");
    CompletableFuture<Integer> exitCode =
        start(
            handlers(Map.of("local-io-error", "sleep 1000 & echo $! >" + pid + "; exit 3")),
            "local-io-error");
    assertThat(exitCode.get(20, TimeUnit.SECONDS)).isEqualTo(3);
    String left = Files.readString(pid).strip();
    assertThat(isRunning(left)).isTrue();
    ProcessHandle.of(Long.parseLong(left)).ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  void aFloodOfOutputIsCut() throws Exception {
    assertThat(run(handlers(Map.of("out-of-sync", "seq 100000")), "out-of-sync")).isZero();
    assertThat(logged())
        .hasSizeLessThan(210)
        .anyMatch(line -> line.endsWith("more than 200 lines"));
  }

  @Test
  void tooManyAtOnceAreRefused() throws Exception {
    Path go = folder.resolve("go");
    Handlers handlers =
        handlers(Map.of("pri-lost", "while [ ! -e " + go + " ]; do sleep 0.05; done; exit 1"));
    List<CompletableFuture<Integer>> running = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      running.add(start(handlers, "pri-lost"));
    }
    assertThat(run(handlers, "pri-lost")).isEqualTo(127);
    Files.createFile(go);
    for (CompletableFuture<Integer> each : running) {
      assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }
}
