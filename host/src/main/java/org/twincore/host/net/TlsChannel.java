package org.twincore.host.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/// A connection in TLS, by the JDK's engine.
///
/// An end of the stream without TLS's own farewell counts as an end: a cut stream is to DRBD what a
/// broken connection is, and the same handshake follows.
final class TlsChannel implements PeerChannel {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /// Records that go to the kernel at once, and that are read at once.
  private static final int RECORDS = 16;

  private final SocketChannel socket;
  private final SSLEngine engine;

  // Of the reader: what came (to be read), and what is decrypted (to be read).
  private final ByteBuffer received;
  private final Unwrapped unwrapped;

  // Of the writer: what is encrypted and not taken by the kernel yet (to be written to).
  private final ByteBuffer encrypted;

  TlsChannel(SocketChannel socket, SSLEngine engine) {
    this.socket = socket;
    this.engine = engine;
    int recordBytes = engine.getSession().getPacketBufferSize();
    received = ByteBuffer.allocateDirect(RECORDS * recordBytes).limit(0);
    unwrapped = new Unwrapped(engine.getSession().getApplicationBufferSize());
    encrypted = ByteBuffer.allocateDirect(RECORDS * recordBytes);
  }

  @Override
  public SocketChannel socket() {
    return socket;
  }

  // ---- handshake

  /// Until both ends know each other. Throws if the peer speaks no TLS, or is not who it must be.
  void shakeHands(Patience patience) throws IOException {
    engine.beginHandshake();
    try {
      while (isShaking()) {
        switch (engine.getHandshakeStatus()) {
          case NEED_TASK -> runTasks();
          case NEED_WRAP -> {
            encrypt(NOTHING);
            flushAll(patience);
          }
          case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> receive(patience);
          case FINISHED, NOT_HANDSHAKING -> {}
        }
      }
    } catch (SSLException refused) {
      sayWhy(patience);
      throw new IOException("TLS: " + wholeReason(refused), refused);
    } catch (IOException failed) {
      throw new IOException("no TLS with the peer: " + failed.getMessage(), failed);
    }
  }

  /// With what stands behind it, such as the day on which a certificate expired.
  private static String wholeReason(Throwable refused) {
    Throwable deepest = refused;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    String last = String.valueOf(deepest.getMessage());
    String first = String.valueOf(refused.getMessage());
    return first.contains(last) ? first : first + ": " + last;
  }

  private boolean isShaking() {
    HandshakeStatus status = engine.getHandshakeStatus();
    return status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED;
  }

  private void receive(Patience patience) throws IOException {
    int got = decrypt();
    if (got < 0) {
      throw new IOException("closed by the peer, which perhaps speaks none");
    }
    if (got == 0) {
      patience.untilReadable();
    }
  }

  /// The engine has an alert for the peer, which may be gone already.
  private void sayWhy(Patience patience) {
    try {
      encrypt(NOTHING);
      flushAll(patience);
    } catch (IOException _) {
      // The reason is told here all the same.
    }
  }

  private void flushAll(Patience patience) throws IOException {
    while (flush() >= 0 && hasUnsent()) {
      patience.untilWritable();
    }
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  // ---- in

  @Override
  public int read(ByteBuffer into) throws IOException {
    return unwrapped.read(into, this::decrypt);
  }

  /// One step: a record of what was received, or more from the socket. 0 if there is no more now,
  /// -1 at the end.
  private int decrypt() throws IOException {
    SSLEngineResult result;
    ByteBuffer plain = unwrapped.bytes;
    plain.clear();
    try {
      result = engine.unwrap(received, plain);
    } finally {
      plain.flip();
    }
    return switch (result.getStatus()) {
      case OK -> {
        runTasks();
        yield 1;
      }
      case BUFFER_UNDERFLOW -> {
        received.compact();
        int got;
        try {
          got = socket.read(received);
        } finally {
          received.flip();
        }
        yield Integer.signum(got);
      }
      case CLOSED -> -1;
      case BUFFER_OVERFLOW -> throw new SSLException("a record above the size agreed on");
    };
  }

  // ---- out

  @Override
  public int write(ByteBuffer from) throws IOException {
    int sent = flush();
    while (from.hasRemaining() && !hasUnsent()) {
      encrypt(from);
      sent += flush();
    }
    return sent;
  }

  /// Encrypts as many records as there is room for, at least one.
  private void encrypt(ByteBuffer from) throws IOException {
    int recordBytes = engine.getSession().getPacketBufferSize();
    do {
      SSLEngineResult result = engine.wrap(from, encrypted);
      runTasks();
      if (result.getStatus() == SSLEngineResult.Status.CLOSED && from.hasRemaining()) {
        throw new SSLException("closed by the peer");
      }
    } while (from.hasRemaining() && encrypted.remaining() >= recordBytes);
  }

  private int flush() throws IOException {
    encrypted.flip();
    try {
      return encrypted.hasRemaining() ? socket.write(encrypted) : 0;
    } finally {
      encrypted.compact();
    }
  }

  @Override
  public boolean hasUnsent() {
    return encrypted.position() > 0;
  }
}
