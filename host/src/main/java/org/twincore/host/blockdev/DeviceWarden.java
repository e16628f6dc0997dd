package org.twincore.host.blockdev;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import org.twincore.host.linux.NbdNetlink;

/// A process that gives NBD devices up when the one that serves them is gone.
///
/// The kernel fails new requests of a lost connection at once, but waits for the answers to those
/// it had sent: for a timeout, or for ever. A timeout is no way out, since a volume may rightly
/// answer nothing for long (a fence program runs, a peer is asked), and its users must not get
/// errors then.
///
/// Each line of its input is a mark of a device. At the end of the input, which comes with the
/// death of the other process, whatever devices still carry those marks are disconnected. All it
/// needs for that is in memory before.
public final class DeviceWarden {
  private DeviceWarden() {}

  public static void main(String[] none) throws IOException {
    MemoryShield.prepare();
    new MemoryShield().raise();
    NbdNetlink.open().close(); // a rehearsal, as is the next line
    KernelNbd.disconnectAll("/a mark that nobody has");
    Set<String> marks = new LinkedHashSet<>();
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      marks.add(line);
    }
    for (String mark : marks) {
      KernelNbd.disconnectAll(mark);
    }
  }
}
