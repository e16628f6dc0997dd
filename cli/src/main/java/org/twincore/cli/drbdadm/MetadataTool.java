package org.twincore.cli.drbdadm;

import java.io.InputStream;
import java.util.List;

/// Hands a metadata command to drbdmeta, in this process.
final class MetadataTool {
  private final Console console;
  private final InputStream in;

  MetadataTool(Console console, InputStream in) {
    this.console = console;
    this.in = in;
  }

  int run(List<String> arguments) {
    console.complain("drbdmeta is not built in yet: " + arguments + in);
    return 20;
  }
}
