package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// fio with its nbd engine, as one whole process a measurement.
final class Fio {
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double BYTES_PER_MB = 1e6;

  private final Children children;
  private final Path folder;

  Fio(Children children, Path folder) {
    this.children = children;
    this.folder = folder;
  }

  /// One measurement. Latencies in microseconds; those of a flushing workload are of the flushes.
  record Result(double iops, double mbPerSecond, double p50, double p99, double p999, long bytes) {
    double figure(Workload.Unit unit) {
      return switch (unit) {
        case IOPS -> iops;
        case MB_PER_SECOND -> mbPerSecond;
      };
    }
  }

  Result run(Target target, Workload workload, double seconds) throws IOException {
    Path output = folder.resolve("fio.json");
    List<String> command =
        new ArrayList<>(
            List.of(
                "fio",
                "--name=bench",
                "--ioengine=nbd",
                "--uri=" + target.uri(),
                "--time_based",
                "--runtime=" + Math.round(seconds * 1000) + "ms",
                "--norandommap",
                "--randrepeat=0",
                "--lat_percentiles=1",
                "--clat_percentiles=0",
                "--output-format=json",
                "--output=" + output));
    command.addAll(workload.fioWords());
    children.run(Map.of(), command);
    JsonTree job = JsonTree.parse(Files.readString(output)).at("jobs").at(0);
    JsonTree side = job.at(workload.isWriting() ? "write" : "read");
    JsonTree latency = (workload.isFlushing() ? job.at("sync") : side).at("lat_ns");
    return new Result(
        side.at("iops").number(),
        side.at("bw_bytes").number() / BYTES_PER_MB,
        percentile(latency, "50.000000"),
        percentile(latency, "99.000000"),
        percentile(latency, "99.900000"),
        (long) side.at("io_bytes").number());
  }

  private static double percentile(JsonTree latency, String name) throws IOException {
    return latency.at("percentile").at(name).number() / NANOS_PER_MICRO;
  }
}
