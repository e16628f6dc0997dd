package org.twincore.cli.drbdadm;

/// Who is told how far staged steps have come.
interface Progress {
  /// A step is about to run.
  void begin(StagedSteps.Owned owned);

  /// The step that was begun last failed.
  void failed(int exitCode);

  /// A step that is left out after a failure of its resource.
  void skipped(StagedSteps.Owned owned);

  /// All steps are done.
  void end();
}
