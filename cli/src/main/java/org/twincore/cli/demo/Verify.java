package org.twincore.cli.demo;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.twincore.host.nbd.NbdClient;

/// The second process of the demo: reads every block of a ledger over a connection of its own and
/// says what it found.
///
/// Arguments: NBD socket, export name, ledger, file for the outcome. Exit code 0 if every block
/// holds its acknowledged write, or the one in flight; [#WRONG] if one does not; another if not all
/// could be read.
public final class Verify {
  /// No code with which a JVM ends by itself.
  static final int WRONG = 3;

  private static final int UNREAD = 2;

  private static final long CONNECT_MILLIS = 10_000;

  private Verify() {}

  /// See the class.
  public static void main(String[] words) {
    try {
      System.exit(verify(words));
    } catch (IOException failed) {
      System.err.println("twincore demo: cannot verify: " + failed.getMessage());
      System.exit(UNREAD);
    }
  }

  private static int verify(String[] words) throws IOException {
    Ledger ledger = Ledger.load(Path.of(words[2]));
    List<String> lines = new ArrayList<>();
    int wrong = 0;
    try (NbdClient client =
        NbdClient.connect(UnixDomainSocketAddress.of(words[0]), words[1], CONNECT_MILLIS)) {
      byte[] bytes = new byte[Stamp.BLOCK_BYTES];
      for (Map.Entry<Long, Ledger.Entry> each : ledger.entries().entrySet()) {
        long block = each.getKey();
        client.pread(bytes, block * Stamp.BLOCK_BYTES);
        long found = Stamp.read(block, bytes);
        Ledger.Entry entry = each.getValue();
        boolean right =
            found == entry.acknowledged() || (entry.inFlight() != 0 && found == entry.inFlight());
        if (!right) {
          wrong++;
          System.err.printf(
              "block %d: acknowledged write %d, in flight %d, found %d%n",
              block, entry.acknowledged(), entry.inFlight(), found);
        }
        lines.add(block + " " + found);
      }
    }
    Files.write(Path.of(words[3]), lines);
    return wrong == 0 ? 0 : WRONG;
  }
}
