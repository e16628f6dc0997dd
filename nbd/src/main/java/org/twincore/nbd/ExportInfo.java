package org.twincore.nbd;

/// What a client learns about an export: its canonical name, a sentence for humans, its size (a
/// multiple of 512) and its [TransmissionFlags].
///
/// Block sizes are the same for all exports of this server: requests are multiples of 512 bytes,
/// best of 4096, and a READ or WRITE carries at most 32 MiB.
public record ExportInfo(String name, String description, long sizeBytes, int transmissionFlags) {
  public static final int MINIMUM_BLOCK_BYTES = 512;
  public static final int PREFERRED_BLOCK_BYTES = 4096;
  public static final int PAYLOAD_MAX_BYTES = 32 << 20;

  public ExportInfo {
    if (sizeBytes < 0) {
      throw new IllegalArgumentException("size of export " + name + ": " + sizeBytes);
    }
  }

  /// An export with everything this server can do.
  public static ExportInfo writable(String name, String description, long sizeBytes) {
    return new ExportInfo(name, description, sizeBytes, TransmissionFlags.WRITABLE);
  }

  /// An export on which whatever writes is answered with EPERM.
  public static ExportInfo readOnly(String name, String description, long sizeBytes) {
    return new ExportInfo(name, description, sizeBytes, TransmissionFlags.READABLE);
  }

  public boolean isReadOnly() {
    return has(TransmissionFlags.READ_ONLY);
  }

  /// Whether all bits of a [TransmissionFlags] constant are set.
  public boolean has(int flag) {
    return (transmissionFlags & flag) == flag;
  }
}
