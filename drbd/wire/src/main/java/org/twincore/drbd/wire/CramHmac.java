package org.twincore.drbd.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// The proof that both nodes know `shared-secret` (drbd-wire 5.1): each answers the other's random
/// challenge with HMAC(secret, challenge).
///
/// Only the data socket is authenticated and nothing is encrypted. A challenge equal to our own is
/// a reflection; the caller refuses it before answering.
public final class CramHmac {
  /// Random bytes in the challenge we send.
  public static final int CHALLENGE_BYTES = 64;

  private final String jdkName;
  private final SecretKeySpec key;
  private final int responseBytes;

  private CramHmac(String jdkName, byte[] secret, int responseBytes) {
    this.jdkName = jdkName;
    // HMAC pads short keys with zeros, so one zero byte is the empty key, which the JDK refuses.
    this.key = new SecretKeySpec(secret.length == 0 ? new byte[1] : secret, jdkName);
    this.responseBytes = responseBytes;
  }

  /// For `cram-hmac-alg` by its Linux name (`sha1`, `sha256`, `sha512`, `md5`, ...) and the bytes
  /// of `shared-secret`; empty if the algorithm is none that can be keyed.
  public static Optional<CramHmac> of(String linuxName, String sharedSecret) {
    return DigestAlgorithm.ofName(linuxName)
        .flatMap(algorithm -> jdkName(algorithm).map(name -> make(name, algorithm, sharedSecret)));
  }

  private static CramHmac make(String jdkName, DigestAlgorithm algorithm, String sharedSecret) {
    byte[] secret = sharedSecret.getBytes(StandardCharsets.UTF_8);
    return new CramHmac(jdkName, secret, algorithm.sizeBytes());
  }

  private static Optional<String> jdkName(DigestAlgorithm algorithm) {
    return switch (algorithm) {
      case CRC32C -> Optional.empty();
      case MD5 -> Optional.of("HmacMD5");
      case SHA1 -> Optional.of("HmacSHA1");
      case SHA224 -> Optional.of("HmacSHA224");
      case SHA256 -> Optional.of("HmacSHA256");
      case SHA384 -> Optional.of("HmacSHA384");
      case SHA512 -> Optional.of("HmacSHA512");
    };
  }

  /// Bytes of a P_AUTH_RESPONSE.
  public int responseBytes() {
    return responseBytes;
  }

  /// The answer to a challenge; a fresh array.
  public byte[] response(byte[] challenge) {
    try {
      Mac mac = Mac.getInstance(jdkName);
      mac.init(key);
      return mac.doFinal(challenge);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime lacks " + jdkName, e);
    }
  }

  /// Whether `response` is the right answer to our challenge; the time taken does not tell how much
  /// of it is.
  public boolean isRight(byte[] ownChallenge, byte[] response) {
    return MessageDigest.isEqual(response(ownChallenge), response);
  }
}
