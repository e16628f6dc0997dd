package org.twincore.it;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.twincore.cli.drbdadm.Drbdadm;

/// drbdadm in a guest, again and again in one process: an emulated processor takes long to start a
/// JVM.
///
/// Run as `GuestTools RUN-FOLDER CONFIG`. Each line of its standard input is a node and the words
/// for drbdadm; its output follows, and `exit CODE`.
public final class GuestTools {
  private GuestTools() {}

  public static void main(String[] arguments) throws IOException {
    Map<String, String> environment = Map.of("TWINCORE_RUN", arguments[0]);
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] said = line.strip().split(" +");
      String[] words = {"--node", said[0], "-c", arguments[1]};
      String[] all = Arrays.copyOf(words, words.length + said.length - 1);
      System.arraycopy(said, 1, all, words.length, said.length - 1);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
      int code = Drbdadm.run(all, environment, new ByteArrayInputStream(new byte[0]), out, out);
      String text = bytes.toString(StandardCharsets.UTF_8);
      System.out.print(text);
      if (!text.isEmpty() && !text.endsWith("\n")) {
        System.out.println();
      }
      System.out.println("exit " + code);
      System.out.flush();
    }
  }
}
