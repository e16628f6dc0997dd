package org.twincore.host.nbd;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.OptionReply;

/// Exports that never change, each with a target that all its connections share.
public final class FixedExports implements Exports {
  private final TreeMap<String, Opened> exports = new TreeMap<>();

  public FixedExports(Map<ExportInfo, BlockTarget> targets) {
    for (Map.Entry<ExportInfo, BlockTarget> entry : targets.entrySet()) {
      exports.put(entry.getKey().name(), new Opened(entry.getKey(), entry.getValue()));
    }
  }

  /// One writable export.
  public static FixedExports writable(String name, long sizeBytes, BlockTarget target) {
    return new FixedExports(Map.of(ExportInfo.writable(name, "", sizeBytes), target));
  }

  @Override
  public List<String> names() {
    return List.copyOf(exports.keySet());
  }

  @Override
  public ExportDirectory.Lookup find(String name) {
    return switch (open(name)) {
      case Opened(ExportInfo info, _) -> new ExportDirectory.Found(info);
      case NotOpened(ExportDirectory.Refused refusal) -> refusal;
    };
  }

  @Override
  public Opening open(String name) {
    Opened opened = exports.get(name);
    return opened != null
        ? opened
        : new NotOpened(
            new ExportDirectory.Refused(OptionReply.ERR_UNKNOWN, "no export '" + name + "'"));
  }
}
