package org.twincore.cli.drbdadm;

import java.io.InputStream;
import java.util.List;
import org.twincore.cli.drbdmeta.Drbdmeta;

/// Hands a metadata command to drbdmeta, in this process.
final class MetadataTool {
  private final Console console;
  private final InputStream in;

  MetadataTool(Console console, InputStream in) {
    this.console = console;
    this.in = in;
  }

  /// Runs drbdmeta with these arguments; questions are answered as drbdmeta itself has them
  /// answered.
  int run(List<String> arguments) {
    console.out().flush();
    InputStream answers = in.equals(System.in) ? Drbdmeta.answers() : in;
    return Drbdmeta.run(arguments.toArray(String[]::new), console.out(), console.err(), answers);
  }
}
