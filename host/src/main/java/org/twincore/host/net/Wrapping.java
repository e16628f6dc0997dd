package org.twincore.host.net;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/// How two nodes of ours wrap the bytes between them, below the protocol, which knows nothing of
/// it: compressed, in TLS, both (compressed first), or not at all. Both nodes have to be set alike;
/// a peer that wraps otherwise is refused before a byte of the protocol is read.
///
/// A kernel's DRBD wraps nothing.
public record Wrapping(Optional<TlsFiles> tls, boolean isCompressed) {
  /// The bytes as they are.
  public static final Wrapping NONE = new Wrapping(Optional.empty(), false);

  public boolean isNone() {
    return tls.isEmpty() && !isCompressed;
  }

  /// What is said of the wrapping to a human: `TLS, LZ4`, or nothing.
  @Override
  public String toString() {
    String encrypted = tls.isPresent() ? "TLS" : "";
    String between = tls.isPresent() && isCompressed ? ", " : "";
    return encrypted + between + (isCompressed ? "LZ4" : "");
  }

  /// Greets the peer at the other end of a socket that does not block, in the caller's time, until
  /// `deadlineNanos` (nanoTime). `isDialer` if this side has made the connection.
  ///
  /// Throws if the peer does not wrap alike, or is not who it must be; the socket is the caller's
  /// to close.
  PeerChannel wrap(SocketChannel socket, InetAddress peer, boolean isDialer, long deadlineNanos)
      throws IOException {
    PeerChannel channel = new PeerChannel.Plain(socket);
    if (isNone()) {
      return channel;
    }
    try (Patience patience = new Patience(socket, deadlineNanos)) {
      if (tls.isPresent()) {
        TlsChannel encrypted = new TlsChannel(socket, tls.get().engine(peer, isDialer));
        encrypted.shakeHands(patience);
        channel = encrypted;
      }
      if (isCompressed) {
        Lz4Channel compressed = new Lz4Channel(channel);
        compressed.greet(patience);
        channel = compressed;
      }
      return channel;
    }
  }
}
