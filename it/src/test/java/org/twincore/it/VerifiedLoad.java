package org.twincore.it;

import java.io.IOException;
import java.util.List;

/// An application of a volume that knows afterwards which of its writes were answered.
interface VerifiedLoad {
  /// Writes to a Primary's `device` in the background, until it ends or is told to.
  void begin(NbdAddress device) throws IOException;

  /// Waits until nothing of it is under way: it has noticed the loss of its node, or is told to
  /// stop.
  void end() throws IOException, InterruptedException;

  /// Whether it can tell, after [#end], which writes since the last [#begin] were answered. If not,
  /// the round is to be made again.
  default boolean knowsAnswers() throws IOException {
    return true;
  }

  /// Reads at a Primary's `device` what was written since the last [#begin]; each answered write
  /// that is not there, in words.
  List<String> lost(NbdAddress device) throws IOException, InterruptedException;

  /// The answered writes of all rounds so far.
  long answered();
}
