package org.twincore.bench;

import java.nio.file.Path;
import java.util.List;

/// Something that serves a disk over NBD: its name in the tables, what it is beside its access,
/// where it is, the files behind it and the processes that do the work.
record Target(
    String name,
    String what,
    Access access,
    String export,
    Path socket,
    List<Path> files,
    List<Long> pids) {
  Target {
    files = List.copyOf(files);
    pids = List.copyOf(pids);
  }

  String uri() {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }
}
