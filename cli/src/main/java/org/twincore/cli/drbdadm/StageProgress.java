package org.twincore.cli.drbdadm;

import java.io.PrintStream;

/// What `adjust-with-progress` shows of its work: a line a stage with the resources that it
/// reached.
///
/// ```
/// [
///      create res: r0 r1
///     adjust disk: r0 r1:failed(20)
///      adjust net: r0 [skipped:r1]
/// ]
/// ```
final class StageProgress implements Progress {
  private final PrintStream out;
  private String label = "";
  private String resource = "";

  StageProgress(PrintStream out) {
    this.out = out;
    out.print("[");
  }

  /// A step is about to run; steps without a command line are not worth a word.
  @Override
  public void begin(StagedSteps.Owned owned) {
    if (isSilent(owned) || isTold(owned, "")) {
      return;
    }
    out.print(" " + resource);
    out.flush();
  }

  @Override
  public void failed(int exitCode) {
    out.print(":failed(" + exitCode + ")");
  }

  /// A step that is left out after a failure of its resource.
  @Override
  public void skipped(StagedSteps.Owned owned) {
    if (!isSilent(owned) && !isTold(owned, "skipped:")) {
      out.print(" [" + resource + "]");
    }
  }

  @Override
  public void end() {
    out.print("\n]\n");
  }

  private static boolean isSilent(StagedSteps.Owned owned) {
    return owned.step().lines().isEmpty();
  }

  private boolean isTold(StagedSteps.Owned owned, String prefix) {
    String stage =
        switch (owned.stage()) {
          case REMOVAL -> "    prepare net:";
          case RESOURCE, VOLUME -> "     create res:";
          case DISK -> "    adjust disk:";
          case CONNECTION -> "     adjust net:";
        };
    if (!stage.equals(label)) {
      label = stage;
      resource = "";
      out.print("\n" + stage);
    }
    String name = prefix + owned.resource().name();
    boolean same = name.equals(resource);
    resource = name;
    return same;
  }
}
