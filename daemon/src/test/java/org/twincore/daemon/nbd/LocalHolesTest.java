package org.twincore.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.nbd.StatusExtent;

class LocalHolesTest {
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  /// Hole, one mebibyte of data, hole.
  private Path sparse() throws IOException {
    Path file = folder.resolve("sparse");
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.setLength(4L * MIB);
      bytes.seek(MIB);
      bytes.write(new byte[MIB]);
    }
    return file;
  }

  @Test
  void tellsHolesFromDataOfAnUpToDateFile() throws IOException {
    LocalHoles holes = new LocalHoles();
    holes.attached(sparse());
    holes.upToDate(true);

    assertThat(holes.extents(0, 4L * MIB))
        .containsExactly(
            StatusExtent.hole(MIB), StatusExtent.data(MIB), StatusExtent.hole(2L * MIB));
    assertThat(holes.extents(512, 1024)).containsExactly(StatusExtent.hole(1024));
  }

  @Test
  void saysDataWhereItCannotKnow() throws IOException {
    LocalHoles holes = new LocalHoles();
    assertThat(holes.extents(0, MIB)).containsExactly(StatusExtent.data(MIB));
    holes.attached(sparse());
    assertThat(holes.extents(0, MIB)).containsExactly(StatusExtent.data(MIB));
    holes.upToDate(true);
    holes.detached();
    assertThat(holes.extents(0, MIB)).containsExactly(StatusExtent.data(MIB));
  }
}
