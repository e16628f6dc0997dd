package org.twincore.cli.drbdadm;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/// What `adjust-with-progress --minors` shows of its work, as DRBD up to 8.2 did at `service drbd
/// start`: a letter and a minor each for the disks, what a resync is told (it goes with the disk
/// here), and the network.
///
/// ```
/// [ d0 d1 s0 s1 n0 n1 ]
/// ```
final class MinorsProgress implements Progress {
  private final PrintStream out;
  private final List<String> disks = new ArrayList<>();
  private String last = "";

  MinorsProgress(PrintStream out) {
    this.out = out;
    out.print("[");
  }

  @Override
  public void begin(StagedSteps.Owned owned) {
    switch (owned.stage()) {
      case REMOVAL, RESOURCE, VOLUME -> {}
      case DISK -> {
        if (owned.step() instanceof Step.Ask(List<String> line, var _) && line.size() > 2) {
          tell("d" + line.get(2));
          disks.add(line.get(2));
        }
      }
      case CONNECTION -> {
        syncers();
        owned
            .resource()
            .local()
            .volumes()
            .forEach(volume -> tell("n" + volume.minor().orElse(volume.number())));
      }
    }
  }

  private void syncers() {
    disks.forEach(minor -> tell("s" + minor));
    disks.clear();
  }

  private void tell(String word) {
    if (!word.equals(last)) {
      out.print(" " + word);
      out.flush();
    }
    last = word;
  }

  @Override
  public void failed(int exitCode) {
    out.print(":failed(" + exitCode + ")");
  }

  @Override
  public void skipped(StagedSteps.Owned owned) {}

  @Override
  public void end() {
    syncers();
    out.print(" ]");
  }
}
