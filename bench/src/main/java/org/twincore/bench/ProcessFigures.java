package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the kernel has counted of processes: CPU time and resident memory (proc(5)).
final class ProcessFigures {
  private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux of today
  private static final int STAT_UTIME = 11; // behind the name: fields 14 and 15
  private static final int STAT_STIME = 12;

  private ProcessFigures() {}

  /// User and system seconds of all threads, of all these processes.
  static double cpuSeconds(List<Long> pids) throws IOException {
    double sum = 0;
    for (long pid : pids) {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      sum += Long.parseLong(fields[STAT_UTIME]) + Long.parseLong(fields[STAT_STIME]);
    }
    return sum / TICKS_PER_SECOND;
  }

  /// The largest resident size that one process has had, in MiB.
  static double residentMib(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
      }
    }
    throw new IOException("no VmHWM of process " + pid);
  }
}
