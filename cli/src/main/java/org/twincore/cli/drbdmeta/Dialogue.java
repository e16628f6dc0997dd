package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// The three streams of one run, and the questions that only the word `yes` answers.
record Dialogue(PrintStream out, PrintStream err, InputStream in, boolean isForced) {
  private static final int ANSWER_MAX_BYTES = 80;

  /// Asks on standard error. With `--force` the answer is yes; an input at its end means no.
  boolean confirms(String question) throws IOException {
    err.println();
    err.println(question);
    if (isForced) {
      err.println("*** confirmation forced via --force option ***");
      return true;
    }
    err.print("[need to type 'yes' to confirm] ");
    err.flush();
    byte[] line = new byte[ANSWER_MAX_BYTES];
    int length = 0;
    int next = in.read();
    boolean isAnswered = next >= 0;
    while (next >= 0 && next != '\n') {
      if (length < line.length) {
        line[length++] = (byte) next;
      }
      next = in.read();
    }
    if (!isAnswered) {
      err.println("nobody to answer: not confirmed");
    }
    return new String(line, 0, length, StandardCharsets.UTF_8).strip().equals("yes");
  }
}
