package org.twincore.bench;

import java.util.List;

/// What is done to a target, most of it by fio.
enum Workload {
  WRITE_4K_1("4 KiB random write, depth 1", Unit.IOPS, "randwrite", "4k", 1),
  WRITE_4K_32("4 KiB random write, depth 32", Unit.IOPS, "randwrite", "4k", 32),
  READ_4K_1("4 KiB random read, depth 1", Unit.IOPS, "randread", "4k", 1),
  READ_4K_32("4 KiB random read, depth 32", Unit.IOPS, "randread", "4k", 32),
  WRITE_1M_4("1 MiB sequential write, depth 4", Unit.MB_PER_SECOND, "write", "1m", 4),
  READ_1M_4("1 MiB sequential read, depth 4", Unit.MB_PER_SECOND, "read", "1m", 4),
  /// The latencies are those of the flushes.
  FLUSH("4 KiB random write, each with a flush", Unit.IOPS, "randwrite", "4k", 1),
  /// By [FuaLoad], not by fio.
  FUA("4 KiB random write with FUA, depth 1", Unit.IOPS, "randwrite", "4k", 1);

  /// What its main figure counts.
  enum Unit {
    IOPS("IOPS"),
    MB_PER_SECOND("MB/s");

    final String text;

    Unit(String text) {
      this.text = text;
    }
  }

  final String title;
  final Unit unit;
  private final String pattern;
  private final String blockSize;
  private final int depth;

  Workload(String title, Unit unit, String pattern, String blockSize, int depth) {
    this.title = title;
    this.unit = unit;
    this.pattern = pattern;
    this.blockSize = blockSize;
    this.depth = depth;
  }

  boolean isWriting() {
    return pattern.endsWith("write");
  }

  boolean isFlushing() {
    return this == FLUSH;
  }

  List<String> fioWords() {
    return List.of(
        "--rw=" + pattern,
        "--bs=" + blockSize,
        "--iodepth=" + depth,
        "--fsync=" + (isFlushing() ? 1 : 0));
  }
}
