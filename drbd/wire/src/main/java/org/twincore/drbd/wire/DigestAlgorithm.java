package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The digests that `data-integrity-alg`, `verify-alg` and `csums-alg` may name, by their Linux
/// crypto names (drbd-wire 5.3; the values stand on the wire as the kernel's crypto API gives
/// them).
///
/// Hashing a payload takes tens of microseconds: do it off the loop.
public enum DigestAlgorithm {
  /// Standard CRC-32C, stored little-endian.
  CRC32C("crc32c", 4, null),
  MD5("md5", 16, "MD5"),
  SHA1("sha1", 20, "SHA-1"),
  SHA224("sha224", 28, "SHA-224"),
  SHA256("sha256", 32, "SHA-256"),
  SHA384("sha384", 48, "SHA-384"),
  SHA512("sha512", 64, "SHA-512");

  /// Size of the longest digest.
  public static final int SIZE_BYTES_MAX = 64;

  private static final DigestAlgorithm[] ALL = values();

  private final String linuxName;
  private final int sizeBytes;
  private final @Nullable String jdkName;

  DigestAlgorithm(String linuxName, int sizeBytes, @Nullable String jdkName) {
    this.linuxName = linuxName;
    this.sizeBytes = sizeBytes;
    this.jdkName = jdkName;
  }

  /// The algorithm of that name in drbd.conf and on the wire; empty if we have none such.
  public static Optional<DigestAlgorithm> ofName(String linuxName) {
    for (DigestAlgorithm algorithm : ALL) {
      if (algorithm.linuxName.equals(linuxName)) {
        return Optional.of(algorithm);
      }
    }
    return Optional.empty();
  }

  public String linuxName() {
    return linuxName;
  }

  /// Bytes of a digest.
  public int sizeBytes() {
    return sizeBytes;
  }

  /// The digest of all of `data`; a fresh array.
  public byte[] digest(Payload data) {
    return digest(data.array(), data.arrayOffset(), data.lengthBytes());
  }

  /// The digest of `length` bytes of `array` from `offset`; a fresh array.
  public byte[] digest(byte[] array, int offset, int length) {
    if (jdkName == null) {
      CRC32C crc = new CRC32C();
      crc.update(array, offset, length);
      return ByteBuffer.allocate(sizeBytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt((int) crc.getValue())
          .array();
    }
    try {
      MessageDigest digest = MessageDigest.getInstance(jdkName);
      digest.update(array, offset, length);
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime lacks " + jdkName, e);
    }
  }

  /// `digest || data`, as P_DATA and its like carry it under `data-integrity-alg`; one copy.
  public Payload seal(Payload data) {
    byte[] sealed = new byte[sizeBytes + data.lengthBytes()];
    ByteBuffer out = ByteBuffer.wrap(sealed).put(digest(data));
    data.copyTo(out);
    return Payload.of(sealed);
  }

  /// The data behind the digest, without copying; empty if it is too short or does not match.
  public Optional<Payload> open(Payload sealed) {
    if (sealed.lengthBytes() < sizeBytes) {
      return Optional.empty();
    }
    Payload data = sealed.slice(sizeBytes, sealed.lengthBytes() - sizeBytes);
    boolean matches = MessageDigest.isEqual(digest(data), sealed.slice(0, sizeBytes).toByteArray());
    return matches ? Optional.of(data) : Optional.empty();
  }
}
