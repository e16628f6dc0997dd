package org.twincore.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Both ends against each other, the server's device being a byte array.
final class SessionPairTest {
  private static final int DEVICE_BYTES = 1 << 20;

  /// Random requests answered in random order, streams cut at random: the client sees exactly what
  /// the device had when the server answered.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void clientSeesWhatTheDeviceHolds(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Pair pair = new Pair(random, "r0");
    pair.connect();
    assertThat(pair.export).isNotNull();
    for (int round = 0; round < 300; round++) {
      int batch = 1 + random.nextInt(8);
      for (int i = 0; i < batch; i++) {
        pair.ask();
      }
      pair.pump();
    }
    assertThat(pair.waiting).isEmpty();
    assertThat(pair.finished).isGreaterThan(300);
    assertThat(pair.failures).isGreaterThan(20);
    assertThat(pair.mismatches).isEmpty();
  }

  @Test
  void refusalReachesTheClientWithItsMessage() {
    Pair pair = new Pair(new SplittableRandom(1), "r1");
    pair.connect();
    assertThat(pair.refused)
        .isEqualTo(new ClientEvent.Refused(OptionReply.ERR_POLICY, "r1 is Secondary here"));
  }

  /// Random bytes from a server never crash the client.
  @Test
  void clientSurvivesRandomServers() {
    for (int seed = 0; seed < 500; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Pair pair = new Pair(random, "r0");
      if (seed % 2 == 0) {
        pair.connect();
      }
      pair.ask();
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      if (noise.length > 32 && seed % 4 == 0) {
        ByteBuffer.wrap(noise)
            .putInt(NbdMagic.STRUCTURED_REPLY)
            .putShort((short) random.nextInt(2))
            .putShort((short) random.nextInt(8))
            .putLong(pair.waiting.keySet().iterator().next())
            .putInt(random.nextInt(64));
      }
      pair.toClient.writeBytes(noise);
      pair.clientReads();
    }
  }

  @Test
  void statusJoinsCutsAndCounts() {
    List<StatusExtent> known =
        List.of(
            StatusExtent.data(4096),
            StatusExtent.data(4096),
            StatusExtent.hole(4096),
            StatusExtent.data(1 << 20));
    assertThat(Reply.Status.of(new Request.BlockStatus(1, 0, 16384, false), known).extents())
        .containsExactly(StatusExtent.data(8192), StatusExtent.hole(4096), StatusExtent.data(4096));
    assertThat(Reply.Status.of(new Request.BlockStatus(1, 0, 16384, true), known).extents())
        .containsExactly(StatusExtent.data(8192));
  }

  private static final class Pair implements ClientSession.Outstanding {
    final SplittableRandom random;
    final ServerSession server = new ServerSession(new FixedDirectory());
    final ClientSession client;
    final ByteArrayOutputStream toServer = new ByteArrayOutputStream();
    final ByteArrayOutputStream toClient = new ByteArrayOutputStream();
    final ByteBuffer serverIn = ByteBuffer.allocate(256).flip();
    final ByteBuffer clientIn = ByteBuffer.allocate(256).flip();
    final byte[] device = new byte[DEVICE_BYTES];
    final Map<Long, Request> waiting = new LinkedHashMap<>();
    final Map<Long, byte[]> reads = new LinkedHashMap<>();
    final Map<Long, byte[]> expected = new LinkedHashMap<>();
    final List<Reply> replies = new ArrayList<>();
    final List<String> mismatches = new ArrayList<>();
    ReplyEncoder encoder = new ReplyEncoder(false);
    @Nullable ExportInfo export;
    ClientEvent.@Nullable Refused refused;
    long nextCookie = 1;
    int finished;
    int failures;
    boolean broken;
    List<StatusExtent> statusExtents = List.of();

    Pair(SplittableRandom random, String export) {
      this.random = random;
      this.client = new ClientSession(export, this);
    }

    @Override
    public @Nullable Request find(long cookie) {
      return waiting.get(cookie);
    }

    void connect() {
      for (int i = 0; i < 200 && export == null && refused == null; i++) {
        serverReads();
        clientReads();
      }
    }

    void ask() {
      long cookie = nextCookie++;
      long offset = 512L * random.nextInt(DEVICE_BYTES / 512);
      int length =
          (int) Math.min(DEVICE_BYTES - offset, 512L * (1 + random.nextInt(20)))
              + (random.nextInt(10) == 0 ? 1 : 0);
      Request request =
          switch (random.nextInt(4)) {
            case 0 -> new Request.Write(cookie, offset, length, false);
            case 1 -> new Request.BlockStatus(cookie, offset, length, random.nextBoolean());
            case 2 -> new Request.Trim(cookie, offset, length, false);
            default -> new Request.Read(cookie, offset, length, random.nextBoolean());
          };
      waiting.put(cookie, request);
      reads.put(cookie, new byte[length]);
      ByteBuffer head = ByteBuffer.allocate(RequestEncoder.HEAD_BYTES);
      RequestEncoder.encodeHead(request, head);
      toServer.writeBytes(head.array());
      if (request instanceof Request.Write) {
        byte[] payload = new byte[length];
        random.nextBytes(payload);
        toServer.writeBytes(payload);
      }
    }

    void pump() {
      for (int i = 0; i < 100000 && !waiting.isEmpty() && !broken; i++) {
        serverReads();
        while (!replies.isEmpty()) {
          Reply reply = replies.remove(random.nextInt(replies.size()));
          ByteBuffer head = ByteBuffer.allocate(encoder.headBytesMax(reply));
          encoder.encodeHead(reply, head);
          toClient.write(head.array(), 0, head.position());
          if (reply instanceof Reply.Data data) {
            for (ByteBuffer piece : data.pieces()) {
              toClient.write(piece.array(), piece.position(), piece.remaining());
            }
          }
        }
        clientReads();
      }
    }

    private void serverReads() {
      byte[] bytes = toServer.toByteArray();
      toServer.reset();
      int at = 0;
      do {
        at += fill(serverIn, bytes, at);
        boolean more = true;
        while (more) {
          ServerEvent event = server.poll(serverIn);
          more = !(event instanceof ServerEvent.NeedBytes) && !server.isClosed();
          at += handle(event, bytes, at);
        }
      } while (at < bytes.length && !server.isClosed());
    }

    private int handle(ServerEvent event, byte[] bytes, int at) {
      int used = 0;
      switch (event) {
        case ServerEvent.NeedBytes _ -> {}
        case ServerEvent.Handshake(byte[] answer) -> toClient.writeBytes(answer);
        case ServerEvent.Transmission(_, ReplyEncoder form, byte[] answer) -> {
          encoder = form;
          toClient.writeBytes(answer);
        }
        case ServerEvent.Refused(Reply.Failed reply) -> replies.add(reply);
        case ServerEvent.Closed closed -> mismatches.add(closed.toString());
        case Request.Write write -> {
          byte[] payload = new byte[write.length()];
          int got = 0;
          while (server.payloadRemaining() > 0) {
            used += fill(serverIn, bytes, at + used);
            got += server.payload(serverIn, payload, got);
          }
          System.arraycopy(payload, 0, device, (int) write.offset(), payload.length);
          replies.add(new Reply.Done(write.cookie()));
        }
        case Request.Read read -> {
          byte[] data =
              Arrays.copyOfRange(device, (int) read.offset(), (int) read.offset() + read.length());
          expected.put(read.cookie(), data);
          int cut = random.nextInt(data.length);
          replies.add(
              new Reply.Data(
                  read.cookie(),
                  read.offset(),
                  List.of(
                      ByteBuffer.wrap(data, 0, cut),
                      ByteBuffer.wrap(data, cut, data.length - cut))));
        }
        case Request.BlockStatus status ->
            replies.add(Reply.Status.of(status, List.of(StatusExtent.hole(1 << 30))));
        case Request.Trim trim -> {
          Arrays.fill(device, (int) trim.offset(), (int) (trim.offset() + trim.length()), (byte) 0);
          replies.add(new Reply.Done(trim.cookie()));
        }
        case Request.Flush _, Request.WriteZeroes _, Request.Cache _, Request.Disconnect _ ->
            mismatches.add(event.toString());
      }
      return used;
    }

    void clientReads() {
      byte[] bytes = toClient.toByteArray();
      toClient.reset();
      int at = 0;
      while (!broken) {
        at += fill(clientIn, bytes, at);
        ClientEvent event = client.poll(clientIn);
        switch (event) {
          case ClientEvent.NeedBytes _ -> {
            if (at == bytes.length) {
              return;
            }
          }
          case ClientEvent.Handshake(byte[] answer) -> toServer.writeBytes(answer);
          case ClientEvent.Connected connected -> export = connected.export();
          case ClientEvent.Refused refusal -> {
            refused = refusal;
            return;
          }
          case ClientEvent.Data(long cookie, int position, _) -> {
            int to = position;
            while (client.payloadRemaining() > 0) {
              int got = fill(clientIn, bytes, at);
              at += got;
              int moved = client.payload(clientIn, reads.getOrDefault(cookie, new byte[0]), to);
              to += moved;
              if (got + moved == 0) {
                return;
              }
            }
          }
          case ClientEvent.Hole _ -> {}
          case ClientEvent.Status(_, List<StatusExtent> extents) -> statusExtents = extents;
          case ClientEvent.Completed(long cookie, NbdError error, String message) ->
              completed(cookie, error, message);
          case ClientEvent.Broken _ -> broken = true;
        }
      }
    }

    private void completed(long cookie, @Nullable NbdError error, String message) {
      Request request = waiting.remove(cookie);
      finished++;
      if (error != null) {
        failures++;
        if (error != NbdError.EINVAL || message.isEmpty()) {
          mismatches.add(request + " failed: " + error + " " + message);
        }
      } else if (request instanceof Request.BlockStatus status
          && !statusExtents.equals(List.of(StatusExtent.hole(status.length())))) {
        mismatches.add(request + " got " + statusExtents);
      } else if (request instanceof Request.Read
          && !Arrays.equals(reads.get(cookie), expected.get(cookie))) {
        mismatches.add(request + " differs");
      }
    }

    private int fill(ByteBuffer in, byte[] bytes, int from) {
      int count =
          Math.min(
              Math.min(bytes.length - from, in.capacity() - in.remaining()),
              1 + random.nextInt(200));
      in.compact().put(bytes, from, count).flip();
      return count;
    }
  }
}
