package org.twincore.daemon.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class LogTest {
  @TempDir Path folder;

  @Test
  void rotatesAtItsSizeAndKeepsSoManyOldFiles() throws IOException {
    Path file = folder.resolve("log");
    RotatedFile log = new RotatedFile(file, 20, 2);
    for (int line = 1; line <= 7; line++) {
      log.write("line number " + line);
    }

    assertThat(file).hasContent("line number 7");
    assertThat(folder.resolve("log.1")).hasContent("line number 6");
    assertThat(folder.resolve("log.2")).hasContent("line number 5");
    assertThat(folder.resolve("log.3")).doesNotExist();
  }

  @Test
  void goesOnWithAnExistingFile() throws IOException {
    Path file = Files.writeString(folder.resolve("log"), "old\n");
    RotatedFile log = new RotatedFile(file, 1000, 1);
    log.write("new");

    assertThat(file).hasContent("old\nnew");
  }

  @Test
  void triesAgainAfterAnError() throws IOException {
    Path later = folder.resolve("later");
    RotatedFile log = new RotatedFile(later.resolve("log"), 1000, 1);
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> log.write("lost"));
    Files.createDirectory(later);
    log.write("kept");

    assertThat(later.resolve("log")).hasContent("kept");
  }

  /// The target stands still until the queue has overflowed.
  @Test
  void countsWhatDoesNotFitInsteadOfWaiting() throws InterruptedException {
    List<String> written = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch open = new CountDownLatch(1);
    LogThread log =
        new LogThread(
            new LogTarget() {
              @Override
              public void write(String line) throws IOException {
                try {
                  open.await();
                } catch (InterruptedException broken) {
                  throw new IOException(broken);
                }
                written.add(line);
              }
            },
            lost -> "lines-lost=" + lost);
    for (int line = 0; line < 10_000; line++) {
      log.add("line " + line);
    }
    open.countDown();
    log.close(10_000);

    assertThat(written).contains("line 0", "line 8000").doesNotContain("line 9999");
    assertThat(written).anyMatch(line -> line.startsWith("lines-lost="));
  }

  /// Each line that it refused is counted, and those that the refused reports stood for.
  @Test
  void saysHowManyLinesADiskRefused() throws Exception {
    List<String> written = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger refusals = new AtomicInteger(5);
    LogThread log =
        new LogThread(
            line -> {
              if (refusals.getAndDecrement() > 0) {
                throw new IOException("No space left on device");
              }
              written.add(line);
            },
            lost -> "lines-lost=" + lost);
    for (int line = 0; line < 7; line++) {
      log.add("line " + line);
    }
    log.close(10_000);

    assertThat(written).containsExactly("lines-lost=5", "line 5", "line 6");
  }

  @Test
  void theFileGrowsOnWhereItCannotBeRenamed() throws IOException {
    Path file = folder.resolve("log");
    Files.createDirectories(folder.resolve("log.1/not-empty"));
    RotatedFile log = new RotatedFile(file, 10, 1);
    log.write("line number 1");
    log.write("line number 2");

    assertThat(file).hasContent("line number 1\nline number 2");
  }
}
