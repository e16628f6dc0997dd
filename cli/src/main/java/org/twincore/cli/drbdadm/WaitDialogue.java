package org.twincore.cli.drbdadm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.cli.client.NodeLine;

/// `wait-con-int`: waits for the peers of several resources at once, tells at `service drbd start`
/// who is waited for and how long already, and lets a person end it with `yes`.
///
/// Nothing is shown where all peers are there within the first interval. Each resource waits as
/// long as its own startup section says; who is waited for when the last is there counts for the
/// exit code: 5.
final class WaitDialogue {
  private static final int TIMED_OUT = 5;
  private static final int FAILED = 20;
  private static final String LINE = "*".repeat(63);

  private final Console console;
  private final NodeLine node;
  private final InputStream in;
  private final long refreshMillis;
  private final AtomicInteger worst = new AtomicInteger();
  private final AtomicBoolean isAborted = new AtomicBoolean();

  /// `refreshSeconds` is `dialog-refresh`: the interval of the countdown, 0 for none.
  WaitDialogue(Console console, NodeLine node, InputStream in, long refreshSeconds) {
    this.console = console;
    this.node = node;
    this.in = in;
    this.refreshMillis = TimeUnit.SECONDS.toMillis(refreshSeconds);
  }

  /// Until all are answered, or somebody said `yes`; the largest exit code.
  int run(List<AdminRequest.Await> waits) {
    CountDownLatch done = new CountDownLatch(waits.size());
    for (AdminRequest.Await wait : waits) {
      Thread.ofVirtual().start(() -> answer(wait, done));
    }
    long began = System.nanoTime();
    try {
      boolean isOver = await(done, refreshMillis);
      if (!isOver) {
        explain(waits);
        Thread.ofPlatform().daemon().start(() -> listen(done));
      }
      while (!isOver) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        console.out().print("\rTo abort waiting enter 'yes' [%4d]:".formatted(seconds));
        console.out().flush();
        isOver = await(done, refreshMillis);
        if (isOver) {
          console.say("");
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return isAborted.get() ? TIMED_OUT : worst.get();
  }

  private static boolean await(CountDownLatch done, long millis) throws InterruptedException {
    if (millis == 0) {
      done.await();
      return true;
    }
    return done.await(millis, TimeUnit.MILLISECONDS);
  }

  private void answer(AdminRequest.Await wait, CountDownLatch done) {
    int code = FAILED;
    try (NodeLine own = node.another()) {
      AdminAnswer answer = own.ask(wait);
      code = answer instanceof AdminAnswer.Result result ? result.exitCode() : FAILED;
    } catch (IOException failed) {
      console.complain(wait.resource() + ": " + failed.getMessage());
    }
    worst.accumulateAndGet(code, Math::max);
    done.countDown();
  }

  private void explain(List<AdminRequest.Await> waits) {
    console.say("\n" + LINE);
    console.say(" Waiting for the other node, at most so many seconds (0: for ever):");
    console.say("   wfc-timeout degr-wfc-timeout outdated-wfc-timeout");
    for (AdminRequest.Await wait : waits) {
      console.say(
          "   %11d %16d %20d  %s"
              .formatted(
                  wait.timeoutSeconds(),
                  wait.degradedTimeoutSeconds(),
                  wait.outdatedTimeoutSeconds(),
                  wait.resource()));
    }
    console.say(" degr-wfc-timeout counts if this node was alone when it stopped,");
    console.say(" outdated-wfc-timeout if the peer's disk is outdated.");
    console.say(LINE);
  }

  /// Where nobody can answer (the end of the input) it just goes on.
  private void listen(CountDownLatch done) {
    try {
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.strip().equals("yes")) {
          isAborted.set(true);
          while (done.getCount() > 0) {
            done.countDown();
          }
          return;
        }
      }
    } catch (IOException _) {
      // nobody is there to say anything
    }
  }
}
