package org.twincore.sim.world;

import java.util.random.RandomGenerator;

/// The way from one node to the other, one direction, shared by all connections.
public final class SimPath {
  private final RandomGenerator random;
  private long latencyMinNanos = 20 * Simulation.MICROSECOND;
  private long latencyMaxNanos = 300 * Simulation.MICROSECOND;
  private long bytesPerSecond = 1L << 30;
  private int windowBytes = 256 << 10;
  private boolean isOpen = true;

  SimPath(RandomGenerator random) {
    this.random = random;
  }

  public void latency(long minNanos, long maxNanos) {
    latencyMinNanos = minNanos;
    latencyMaxNanos = maxNanos;
  }

  public void bandwidth(long bytesPerSecondNow) {
    bytesPerSecond = bytesPerSecondNow;
  }

  /// How much a sender's kernel takes over before the receiver has it.
  public void window(int bytes) {
    windowBytes = bytes;
  }

  /// Whether anything gets through; what is sent meanwhile arrives afterwards, as TCP repeats it.
  public boolean isOpen() {
    return isOpen;
  }

  void open(boolean open) {
    isOpen = open;
  }

  long latencyNanos() {
    return random.nextLong(latencyMinNanos, latencyMaxNanos + 1);
  }

  long nanosFor(int bytes) {
    return bytes * Simulation.SECOND / bytesPerSecond;
  }

  int windowBytes() {
    return windowBytes;
  }
}
