package org.twincore.bench;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.twincore.host.nbd.NbdClient;

/// Durable 4 KiB writes, one at a time, through our own client: fio's nbd engine knows no FUA.
final class FuaLoad {
  private static final int BLOCK_BYTES = 4096;
  private static final int CLIENT_MILLIS = 10_000;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double BYTES_PER_MB = 1e6;

  private FuaLoad() {}

  static Fio.Result run(Target target, long sizeBytes, double seconds) throws IOException {
    byte[] block = new byte[BLOCK_BYTES];
    new Random(sizeBytes).nextBytes(block);
    RandomGenerator random = new Random();
    // The last MiB is left out: a device is smaller than its file by its metadata.
    long blocks = sizeBytes / BLOCK_BYTES - (sizeBytes >> 27) - (1 << 8);
    long[] nanos = new long[1 << 10];
    int count = 0;
    long start = System.nanoTime();
    long end = start + (long) (seconds * NANOS_PER_SECOND);
    long last = start;
    try (NbdClient client =
        NbdClient.connect(
            UnixDomainSocketAddress.of(target.socket()), target.export(), CLIENT_MILLIS)) {
      while (last < end) {
        long begin = System.nanoTime();
        client.pwriteDurably(block, random.nextLong(blocks) * BLOCK_BYTES);
        last = System.nanoTime();
        nanos = count < nanos.length ? nanos : Arrays.copyOf(nanos, 2 * count);
        nanos[count++] = last - begin;
      }
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    double took = (last - start) / NANOS_PER_SECOND;
    long bytes = (long) count * BLOCK_BYTES;
    return new Fio.Result(
        count / took,
        bytes / BYTES_PER_MB / took,
        at(sorted, 0.5),
        at(sorted, 0.99),
        at(sorted, 0.999),
        bytes);
  }

  private static double at(long[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))] / NANOS_PER_MICRO;
  }
}
