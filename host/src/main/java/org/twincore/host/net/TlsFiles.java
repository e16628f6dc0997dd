package org.twincore.host.net;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/// The files that make TLS between two nodes: own certificate (with those between it and the
/// authority), its private key, and the authorities that may vouch for the peer, all PEM. They are
/// read for each connection, so that a renewed certificate needs no restart.
///
/// TLS 1.3 only, and both sides show a certificate. It has to name the peer: by its address, or by
/// `peerName` if there is one.
public record TlsFiles(Path certificate, Path key, Path authorities, Optional<String> peerName) {
  private static final int FILE_BYTES_MAX = 1 << 20;
  private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String KEY_END = "-----END PRIVATE KEY-----";
  private static final List<String> KEY_KINDS = List.of("EC", "RSA", "Ed25519", "Ed448");
  private static final char[] NO_PASSWORD = {};

  /// One end of a connection with the peer at that address. Throws with the file that is wrong.
  SSLEngine engine(InetAddress peer, boolean isDialer) throws IOException {
    SSLEngine engine =
        context().createSSLEngine(peerName.orElse(peer.getHostAddress()), isDialer ? 1 : 0);
    engine.setUseClientMode(isDialer);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (!isDialer) {
      parameters.setNeedClientAuth(true);
    }
    engine.setSSLParameters(parameters);
    return engine;
  }

  /// Throws with the first of the files that cannot be used, and what to do about it.
  public void check() throws IOException {
    SSLContext _ = context();
  }

  private SSLContext context() throws IOException {
    try {
      KeyStore own = emptyStore();
      Certificate[] chain = certificates(certificate).toArray(new Certificate[0]);
      own.setKeyEntry("own", privateKey(), NO_PASSWORD, chain);
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(own, NO_PASSWORD);
      KeyStore trusted = emptyStore();
      int number = 0;
      for (Certificate authority : certificates(authorities)) {
        trusted.setCertificateEntry("authority-" + number++, authority);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException wrong) {
      throw new IOException(
          "tls-certificate %s, tls-key %s: %s".formatted(certificate, key, wrong.getMessage()),
          wrong);
    }
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  private static List<Certificate> certificates(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(FILE_BYTES_MAX);
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new java.io.ByteArrayInputStream(bytes));
      if (found.isEmpty()) {
        throw new IOException(file + ": no certificate in it; PEM is expected");
      }
      return new ArrayList<>(found);
    } catch (GeneralSecurityException wrong) {
      throw new IOException(file + ": no certificate in it; PEM is expected", wrong);
    }
  }

  private PrivateKey privateKey() throws IOException {
    checkMode();
    String text;
    try (var in = Files.newInputStream(key)) {
      text =
          new String(in.readNBytes(FILE_BYTES_MAX), java.nio.charset.StandardCharsets.ISO_8859_1);
    }
    int begin = text.indexOf(KEY_BEGIN);
    int end = text.indexOf(KEY_END);
    if (begin < 0 || end < begin) {
      throw new IOException(
          key
              + ": no line '"
              + KEY_BEGIN
              + "' (PKCS#8, not encrypted); 'openssl pkcs8 -topk8 -nocrypt -in KEY' makes one");
    }
    byte[] encoded;
    try {
      encoded = Base64.getMimeDecoder().decode(text.substring(begin + KEY_BEGIN.length(), end));
    } catch (IllegalArgumentException wrong) {
      throw new IOException(key + ": what stands between its lines is no Base64", wrong);
    }
    return decoded(encoded);
  }

  private PrivateKey decoded(byte[] encoded) throws IOException {
    for (String kind : KEY_KINDS) {
      try {
        return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (InvalidKeySpecException _) {
        // of another kind
      } catch (GeneralSecurityException absent) {
        throw new IOException(key + ": " + kind + " keys are not known here", absent);
      }
    }
    throw new IOException(key + ": a key of a kind other than " + String.join(", ", KEY_KINDS));
  }

  /// A key that others can read is none.
  private void checkMode() throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(key);
    if (mode.contains(PosixFilePermission.OTHERS_READ)) {
      throw new IOException(key + ": everybody can read this key; 'chmod 600 " + key + "'");
    }
  }
}
