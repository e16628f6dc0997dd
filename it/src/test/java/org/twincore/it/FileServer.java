package org.twincore.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.FileTarget;
import org.twincore.host.nbd.FixedExports;
import org.twincore.host.nbd.NbdListener;
import org.twincore.host.nbd.NbdSettings;
import org.twincore.host.nbd.RequestSplitter;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.OptionReply;

/// An NBD server in this process: `r0` on a sparse file, read-only `r0/1` on another, and `r1`
/// which is refused as a Secondary's.
final class FileServer implements AutoCloseable {
  static final long SIZE_BYTES = 64 << 20;

  final Path file;
  final Path socket;
  final InetSocketAddress tcp;
  final NbdListener listener;
  private final List<FileTarget> targets;

  FileServer(Path folder, NbdSettings settings) throws IOException {
    this.file = sparse(folder.resolve("r0.img"));
    this.socket = folder.resolve("nbd.sock");
    FileTarget volume0 = FileTarget.open(file);
    FileTarget volume1 = FileTarget.open(sparse(folder.resolve("r0-1.img")));
    this.targets = List.of(volume0, volume1);
    BlockTarget split = new RequestSplitter(volume0, 1 << 20, 64 << 20);
    FixedExports files =
        new FixedExports(
            Map.of(
                ExportInfo.writable("r0", "resource r0, volume 0", SIZE_BYTES),
                split,
                ExportInfo.readOnly("r0/1", "resource r0, volume 1", SIZE_BYTES),
                volume1));
    this.listener = new NbdListener(new WithSecondary(files), settings);
    listener.listen(UnixDomainSocketAddress.of(socket));
    this.tcp = (InetSocketAddress) listener.listen(new InetSocketAddress("127.0.0.1", 0));
  }

  String unixUri(String export) {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }

  String tcpUri(String export) {
    return "nbd://127.0.0.1:" + tcp.getPort() + "/" + export;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (FileTarget target : targets) {
      target.closeFile();
    }
  }

  private static Path sparse(Path path) throws IOException {
    try (RandomAccessFile made = new RandomAccessFile(path.toFile(), "rw")) {
      made.setLength(SIZE_BYTES);
    }
    return path;
  }

  private record WithSecondary(FixedExports files) implements Exports {
    private static final ExportDirectory.Refused SECONDARY =
        new ExportDirectory.Refused(OptionReply.ERR_POLICY, "r1 is Secondary on this node");

    @Override
    public List<String> names() {
      List<String> names = new ArrayList<>(files.names());
      names.add("r1");
      return names;
    }

    @Override
    public ExportDirectory.Lookup find(String name) {
      return name.equals("r1") ? SECONDARY : files.find(name);
    }

    @Override
    public Opening open(String name) {
      return name.equals("r1") ? new NotOpened(SECONDARY) : files.open(name);
    }
  }
}
