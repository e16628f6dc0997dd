package org.twincore.drbd;

/// The number of a volume inside its resource, 0 to 65535; it travels in each 16-byte header.
public record VolumeNumber(int value) implements Comparable<VolumeNumber> {
  public static final VolumeNumber ZERO = new VolumeNumber(0);

  /// The largest volume number.
  public static final int LARGEST = 65535;

  public VolumeNumber {
    if (value < 0 || value > LARGEST) {
      throw new IllegalArgumentException("volume number " + value + " is not in 0.." + LARGEST);
    }
  }

  @Override
  public int compareTo(VolumeNumber other) {
    return Integer.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
