package org.twincore.daemon.nbd;

import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.Event.Access;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.RequestSplitter;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.OptionReply;

/// All volumes of a node by export name: `r0` is volume 0 of r0 (`r0/0` is understood too), `r0/1`
/// volume 1.
///
/// A volume that may not be opened for writing here (a secondary) is refused by policy, or shown
/// read-only where the settings allow that.
public final class NbdExports implements Exports {
  /// What a DRBD data packet and a DRBD trim can carry.
  private static final int PIECE_MAX_BYTES = 1 << 20;

  private static final long DISCARD_MAX_BYTES = 128L << 20;

  private final boolean isReadOnlyAllowed;
  private final ConcurrentSkipListMap<String, ExportedVolume> volumes =
      new ConcurrentSkipListMap<>();

  /// `isReadOnlyAllowed`: offer a volume read-only where it cannot be written.
  public NbdExports(boolean isReadOnlyAllowed) {
    this.isReadOnlyAllowed = isReadOnlyAllowed;
  }

  public void publish(ExportedVolume volume) {
    volumes.put(volume.exportName(), volume);
  }

  public void withdraw(String exportName) {
    volumes.remove(exportName);
  }

  @Override
  public List<String> names() {
    return List.copyOf(volumes.keySet());
  }

  @Override
  public ExportDirectory.Lookup find(String name) {
    ExportedVolume volume = volumes.get(canonical(name));
    if (volume == null) {
      return unknown(name);
    }
    StateResult writing = volume.loop().ask(m -> m.mayOpen(volume.number(), Access.READ_WRITE));
    if (writing.isSuccess()) {
      return new ExportDirectory.Found(info(volume, Access.READ_WRITE));
    }
    if (isReadOnlyAllowed
        && volume.loop().ask(m -> m.mayOpen(volume.number(), Access.READ_ONLY)).isSuccess()) {
      return new ExportDirectory.Found(info(volume, Access.READ_ONLY));
    }
    return refused(volume, writing);
  }

  @Override
  public Opening open(String name) {
    ExportedVolume volume = volumes.get(canonical(name));
    if (volume == null) {
      return new NotOpened(unknown(name));
    }
    StateResult writing = volume.loop().open(volume.number(), Access.READ_WRITE);
    if (writing.isSuccess()) {
      return opened(volume, Access.READ_WRITE);
    }
    if (isReadOnlyAllowed && volume.loop().open(volume.number(), Access.READ_ONLY).isSuccess()) {
      return opened(volume, Access.READ_ONLY);
    }
    return new NotOpened(refused(volume, writing));
  }

  private static Opened opened(ExportedVolume volume, Access access) {
    BlockTarget target =
        new RequestSplitter(new VolumeTarget(volume, access), PIECE_MAX_BYTES, DISCARD_MAX_BYTES);
    return new Opened(info(volume, access), target);
  }

  private static String canonical(String name) {
    return name.endsWith("/0") ? name.substring(0, name.length() - 2) : name;
  }

  private static ExportInfo info(ExportedVolume volume, Access access) {
    long sizeSectors =
        volume.loop().ask(m -> m.status().volumes()).stream()
            .filter(status -> status.volume() == volume.number())
            .mapToLong(VolumeStatus::sizeSectors)
            .findFirst()
            .orElse(0);
    String description = "DRBD resource " + volume.resource() + " volume " + volume.number();
    return switch (access) {
      case READ_WRITE -> ExportInfo.writable(volume.exportName(), description, sizeSectors * 512);
      case READ_ONLY -> ExportInfo.readOnly(volume.exportName(), description, sizeSectors * 512);
    };
  }

  private static ExportDirectory.Refused unknown(String name) {
    return new ExportDirectory.Refused(OptionReply.ERR_UNKNOWN, "no export '" + name + "'");
  }

  private static ExportDirectory.Refused refused(ExportedVolume volume, StateResult why) {
    String reason = why == StateResult.PRIMARY_NOP ? "it is Secondary on this node" : why.text();
    return new ExportDirectory.Refused(
        OptionReply.ERR_POLICY, volume.exportName() + " cannot be opened here: " + reason);
  }
}
