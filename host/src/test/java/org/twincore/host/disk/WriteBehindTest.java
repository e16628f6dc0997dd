package org.twincore.host.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBehindTest {
  @TempDir Path folder;

  @Test
  void worksOnceForManyWritesAndOnlyWhereFlushesCome() throws Exception {
    Path path = Files.write(folder.resolve("disk"), new byte[1 << 20]);
    ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    AtomicInteger holds = new AtomicInteger();
    try (DiskFile file = DiskFile.open(path.toString(), new BufferPool())) {
      WriteBehind behind =
          new WriteBehind(file, tasks::add, holds::incrementAndGet, holds::decrementAndGet);
      byte[] bytes = new byte[4096];
      bytes[0] = 7;
      file.write(0, bytes, 0, bytes.length, false);
      behind.wrote();
      assertThat(tasks).as("nobody flushes").isEmpty();

      behind.flushes();
      behind.wrote();
      behind.wrote();
      assertThat(tasks).hasSize(1);
      assertThat(holds).hasValue(1);

      tasks.remove().run();
      assertThat(holds).hasValue(0);
      behind.wrote();
      assertThat(tasks).as("what came later").hasSize(1);

      byte[] found = new byte[4096];
      file.read(0, found);
      assertThat(found).isEqualTo(bytes);
      file.sync();
    }
  }
}
