package org.twincore.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.twincore.host.net.FreePorts;

/// Two nodes of ours, `one` and `two`, on loopback, with files as the disks of `r0`.
final class TwoNodes implements AutoCloseable {
  private static final Pattern DISK = Pattern.compile("\\bdisk (/\\S+);");

  final NodeProcess one;
  final NodeProcess two;

  /// Both run, and each disk has metadata. In `config`, the text of their drbd.conf, FOLDER stands
  /// for `folder`, and PORT1 and PORT2 for free ports; each `disk` in it is made, of that size.
  TwoNodes(Path folder, int diskBytes, String config) throws IOException {
    List<Integer> ports = FreePorts.find(2);
    String text =
        config
            .replace("FOLDER", folder.toString())
            .replace("PORT1", ports.get(0).toString())
            .replace("PORT2", ports.get(1).toString());
    Matcher disks = DISK.matcher(text);
    while (disks.find()) {
      makeEmpty(Path.of(disks.group(1)), diskBytes);
    }
    Path written = Files.writeString(folder.resolve("drbd.conf"), text);
    one = new NodeProcess("one", folder.resolve("one"), written);
    two = new NodeProcess("two", folder.resolve("two"), written);
    for (NodeProcess node : List.of(one, two)) {
      node.start();
      node.drbdadm("create-md", "--force", "r0");
    }
  }

  /// A file of that size without content.
  static void makeEmpty(Path disk, int bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(0);
      file.setLength(bytes);
    }
  }

  /// `drbdadm up` on both.
  TwoNodes up() throws IOException {
    one.drbdadm("up", "r0");
    two.drbdadm("up", "r0");
    return this;
  }

  @Override
  public void close() {
    one.close();
    two.close();
  }
}
