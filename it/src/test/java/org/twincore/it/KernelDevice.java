package org.twincore.it;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.twincore.host.net.FreePorts;

/// The kernel node's `/dev/drbd0` as an NBD export on this host's loopback: the same loads run on
/// either node, and know after a power cut which of their writes the kernel had answered.
///
/// qemu-nbd in the guest opens the device with O_DIRECT, so that it answers a write when DRBD does.
final class KernelDevice {
  private static final int PORT_IN_GUEST = 10809;

  private final int port = FreePorts.find(1).getFirst();

  KernelDevice() throws IOException {}

  static void require() {
    Tool.require("qemu-utils", "qemu-nbd");
  }

  /// The words that drbd-peer needs besides others.
  List<String> options() {
    return List.of(
        "--program", "qemu-nbd", "--forward", port + ":" + PORT_IN_GUEST, "--mem-mb", "256");
  }

  /// The same, with those others.
  String[] words(String... more) {
    return Stream.concat(options().stream(), Stream.of(more)).toArray(String[]::new);
  }

  NbdAddress address() {
    return NbdAddress.loopback(port);
  }

  /// The kernel's node is Primary and stays so until [#close].
  void open(KernelPeer kernel) throws IOException {
    kernel.run(
        "qemu-nbd --fork --pid-file=/tmp/nbd.pid -t -e 8 -f raw --cache=none --aio=threads"
            + " --discard=unmap -x r0 -b 10.0.2.15 -p "
            + PORT_IN_GUEST
            + " $DEV");
  }

  void close(KernelPeer kernel) throws IOException {
    kernel.run(
        "kill $(cat /tmp/nbd.pid); while [ -e /proc/$(cat /tmp/nbd.pid) ]; do sleep 0.1; done");
  }
}
