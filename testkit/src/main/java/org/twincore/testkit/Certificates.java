package org.twincore.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Certificates for tests, made by `openssl` in a folder of their own: `NAME.pem` and `NAME.key`.
public final class Certificates {
  private final Path folder;

  /// They are made in that folder, which is there already.
  public Certificates(Path folder) {
    this.folder = folder;
  }

  /// An authority; it can sign from now on.
  public void authority(String name) throws IOException, InterruptedException {
    makeKey(name);
    openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        name + ".key",
        "-subj",
        "/CN=" + name,
        "-days",
        "30",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-out",
        name + ".pem");
  }

  /// A certificate of `authority` for what `subjectAltName` says, such as `IP:127.0.0.1`, made now
  /// or, with faketime, at another time.
  public void certificate(String name, String authority, String subjectAltName, String... faketime)
      throws IOException, InterruptedException {
    makeKey(name);
    Files.writeString(folder.resolve(name + ".ext"), "subjectAltName=" + subjectAltName + "\n");
    openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr");
    List<String> words = new ArrayList<>(List.of(faketime));
    words.addAll(
        List.of(
            "openssl",
            "x509",
            "-req",
            "-in",
            name + ".csr",
            "-CA",
            authority + ".pem",
            "-CAkey",
            authority + ".key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            name + ".ext",
            "-out",
            name + ".pem"));
    run(words);
  }

  private void makeKey(String name) throws IOException, InterruptedException {
    openssl(
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        name + ".key");
  }

  private void openssl(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(words));
    run(command);
  }

  private void run(List<String> command) throws IOException, InterruptedException {
    Path output = folder.resolve("openssl.out");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroy();
      throw new IOException(String.join(" ", command) + " failed: " + Files.readString(output));
    }
  }

  public Path certificate(String name) {
    return folder.resolve(name + ".pem");
  }

  public Path key(String name) {
    return folder.resolve(name + ".key");
  }
}
