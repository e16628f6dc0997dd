package org.twincore.nbd;

import java.util.List;

/// A directory with a writable `r0`, a read-only `r0/1` and a secondary `r1`.
final class FixedDirectory implements ExportDirectory {
  static final long SIZE_BYTES = 64 << 20;

  @Override
  public List<String> names() {
    return List.of("r0", "r0/1", "r1");
  }

  @Override
  public Lookup find(String name) {
    return switch (name) {
      case "r0" -> new Found(ExportInfo.writable("r0", "resource r0, volume 0", SIZE_BYTES));
      case "r0/1" -> new Found(ExportInfo.readOnly("r0/1", "", SIZE_BYTES));
      case "r1" -> new Refused(OptionReply.ERR_POLICY, "r1 is Secondary here");
      default -> new Refused(OptionReply.ERR_UNKNOWN, "no export '" + name + "'");
    };
  }

  @Override
  public Lookup open(String name) {
    return find(name);
  }
}
