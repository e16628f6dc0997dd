package org.twincore.drbd.engine.exchange;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// The step that runs now: its time, where its effects go, and the peer's two sockets.
///
/// One a resource, handed to all its parts. Tokens are unique in the life of the resource.
public final class Turn {
  /// No socket.
  public static final long NO_SOCKET = -1;

  private static final int VERSION_BEFORE_FEATURES = 80;

  private long nowNanos;
  private @Nullable Effects out;
  private long lastToken;
  private long dataSocket = NO_SOCKET;
  private long metaSocket = NO_SOCKET;
  private int version = VERSION_BEFORE_FEATURES;
  private @Nullable DigestAlgorithm seal;

  /// A new step begins.
  public void begin(long now, Effects effects) {
    nowNanos = now;
    out = effects;
  }

  public long now() {
    return nowNanos;
  }

  public void add(Effect effect) {
    if (out == null) {
      throw new IllegalStateException("no step runs");
    }
    out.add(effect);
  }

  public long newToken() {
    return ++lastToken;
  }

  public void log(Effect.Level level, String text) {
    add(new Effect.Log(level, text));
  }

  /// From now on packets go to these sockets.
  public void link(long data, long meta) {
    dataSocket = data;
    metaSocket = meta;
    version = VERSION_BEFORE_FEATURES;
    seal = null;
  }

  /// From now on P_DATA, P_DATA_REPLY and P_RS_DATA_REPLY go with digests of the data
  /// (`data-integrity-alg`); null: without.
  public void sealWith(@Nullable DigestAlgorithm digest) {
    seal = digest;
  }

  /// From now on packets have the headers of that agreed version.
  public void agree(int agreedVersion) {
    version = agreedVersion;
  }

  /// The sockets are gone; what is sent from now on is dropped.
  public void unlink() {
    dataSocket = NO_SOCKET;
    metaSocket = NO_SOCKET;
  }

  public boolean isLinked() {
    return dataSocket != NO_SOCKET;
  }

  public long dataSocket() {
    return dataSocket;
  }

  public long metaSocket() {
    return metaSocket;
  }

  /// Sends on the socket that carries the type. Payload bytes are counted by the packet.
  public void send(int volume, Packet packet, @Nullable Payload payload) {
    send(volume, packet, payload, 0);
  }

  public void send(int volume, Packet packet) {
    send(volume, packet, null, 0);
  }

  /// Sends, and has `Sent` come back for `token` if it is not 0.
  public void send(int volume, Packet packet, @Nullable Payload payload, long token) {
    long socket = packet.type().stream() == PacketType.Stream.META ? metaSocket : dataSocket;
    if (socket == NO_SOCKET) {
      return;
    }
    DigestAlgorithm digest = seal;
    if (digest != null && payload != null && packet instanceof Packet.Data data) {
      Payload sealed = digest.seal(payload);
      add(sending(socket, volume, data.withPayloadBytes(sealed.lengthBytes()), sealed, token));
    } else {
      add(sending(socket, volume, packet, payload, token));
    }
  }

  private Effect sending(
      long socket, int volume, Packet packet, @Nullable Payload payload, long token) {
    int bodyBytes = packet.type().bodyBytesMin() + packet.payloadBytes();
    Framing framing = Framing.of(version, bodyBytes);
    return new Effect.Send(socket, framing, volume, packet, payload, token);
  }
}
