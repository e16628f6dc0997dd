package org.twincore.host.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.twincore.host.linux.MountTable.Mount;

class MountTableTest {
  private static final String TEXT =
      """
      22 27 0:20 / /proc rw,nosuid - proc proc rw
      36 27 7:3 / /data rw,relatime shared:1 - ext3 /dev/drbd0 rw
      37 27 7:4 / /srv/two\\040words rw,relatime shared:2 master:1 - ext4 /dev/drbd1 rw,errors=remount-ro
      38 27 0:44 / /snap rw - btrfs /dev/drbd2 rw,space_cache
      39 27 7:3 /sub /data/again ro - ext3 /dev/drbd0 rw
      not a line
      40 27 7:9 / /cut rw -
      """;

  @Test
  void readsFolderAndTypeBehindTheOptions() {
    MountTable table = MountTable.parse(TEXT);
    assertThat(table.mounts()).hasSize(5);
    assertThat(table.mounts().get(2))
        .isEqualTo(new Mount("7:4", "/dev/drbd1", "/srv/two words", "ext4"));
  }

  @Test
  void findsADeviceByItsNameWhereThereIsNoNode() {
    MountTable table = MountTable.parse(TEXT);
    assertThat(table.of(Path.of("/dev/drbd2")).map(Mount::folder)).contains("/snap");
    assertThat(table.of(Path.of("/dev/drbd0")).map(Mount::folder)).contains("/data/again");
    assertThat(table.of(Path.of("/dev/drbd77"))).isEmpty();
  }

  @Test
  void seesThisMachinesProc() throws IOException {
    assertThat(MountTable.now().mounts())
        .anyMatch(m -> m.folder().equals("/proc") && m.type().equals("proc"));
  }
}
