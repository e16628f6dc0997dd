package org.twincore.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.twincore.host.blockdev.DeviceFolder;
import org.twincore.host.blockdev.DeviceWay;
import org.twincore.host.blockdev.DrbdDevice;
import org.twincore.host.blockdev.MemoryShield;
import org.twincore.host.linux.ProcessMemory;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.FileTarget;
import org.twincore.nbd.ExportInfo;

/// Devices over plain files in a process of their own, to be killed.
///
/// Run as `DeviceServer PRIVATE-FOLDER NAMES-FOLDER FILE...`: clears what is stale, shows the files
/// as drbd0, drbd1 and so on, prints `ready`. Each line of its standard input is a minor to
/// release, answered with `released` or `held`; at the end of its input it takes all away.
public final class DeviceServer {
  private static final long RELEASE_NANOS = 30_000_000_000L;

  private DeviceServer() {}

  public static void main(String[] arguments) throws IOException {
    boolean isIoFlusher = ProcessMemory.tryBecomeIoFlusher();
    DeviceFolder folder =
        DeviceFolder.open(Path.of(arguments[0]), Path.of(arguments[1]), DeviceWay.FUSE);
    folder.clearStale();
    List<DrbdDevice> devices = new ArrayList<>();
    for (int minor = 0; minor + 2 < arguments.length; minor++) {
      FileTarget target = FileTarget.open(Path.of(arguments[minor + 2]));
      ExportInfo info = ExportInfo.writable("r" + minor, "", target.sizeBytes());
      devices.add(folder.show(minor, target.sizeBytes(), () -> new Exports.Opened(info, target)));
    }
    new MemoryShield().raise();
    System.out.println(
        "ready io-flusher=%s heap-kib=%d"
            .formatted(isIoFlusher, Runtime.getRuntime().totalMemory() / 1024));
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      boolean isReleased = devices.get(Integer.parseInt(line)).release();
      System.out.println(isReleased ? "released" : "held");
    }
    for (DrbdDevice device : devices) {
      if (!device.release()) {
        device.abandon();
      }
      device.removeName();
    }
  }

  /// Asks a server to release a minor until it does. A program that has ended, and whoever looks at
  /// devices that change, may hold one a moment more.
  static boolean releasesInTime(JavaProcess server, int minor)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + RELEASE_NANOS;
    while (!server.ask(Integer.toString(minor)).equals("released")) {
      if (System.nanoTime() > until) {
        return false;
      }
      Thread.sleep(100); // the other process answers, it does not call
    }
    return true;
  }
}
