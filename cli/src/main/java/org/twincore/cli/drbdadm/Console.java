package org.twincore.cli.drbdadm;

import java.io.PrintStream;
import java.util.Map;

/// Where a tool's words go, and the environment it runs in.
///
/// @param out standard output
/// @param err standard error
/// @param environment the variables
record Console(PrintStream out, PrintStream err, Map<String, String> environment) {
  void say(String line) {
    out.println(line);
  }

  void complain(String line) {
    err.println(line);
  }
}
