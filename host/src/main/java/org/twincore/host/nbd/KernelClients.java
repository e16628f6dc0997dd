package org.twincore.host.nbd;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.twincore.nbd.ExportInfo;

/// Serves this machine's own kernel, which knows what it is connected to and negotiates nothing.
///
/// No timeout ends such a connection, since a kernel that is short of memory may be slow and has no
/// second one. What one device has in flight is limited, so that many devices fit into the heap,
/// and one whose volume answers nothing leaves room to the others.
public final class KernelClients {
  private static final int REQUESTS_MAX = 256;
  private static final long DEVICE_BYTES_MAX = 8L << 20;
  private static final long NEVER_MILLIS = TimeUnit.DAYS.toMillis(365);

  private final ServingRoom room = new ServingRoom(settings(), nanos -> {});

  private static NbdSettings settings() {
    NbdSettings usual = NbdSettings.standard();
    return new NbdSettings(
        usual.connectionsMax(),
        REQUESTS_MAX,
        DEVICE_BYTES_MAX,
        usual.bytesTotalMax(),
        NEVER_MILLIS,
        NEVER_MILLIS,
        NEVER_MILLIS,
        usual.spinReads());
  }

  /// Serves `target` as `export` on a connected stream, until the kernel says that it is over. The
  /// channel and the target are the connection's: both are closed at its end, the target once
  /// nothing is in flight.
  public KernelClient serve(SocketChannel channel, ExportInfo export, BlockTarget target)
      throws IOException {
    return KernelClient.start(room, channel, export, target);
  }
}
