package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Drives a [ServerSession] with hand-made bytes and collects what it says.
final class ScriptedClient {
  final ServerSession session = new ServerSession(new FixedDirectory());
  private final ByteBuffer in = ByteBuffer.allocate(1 << 16).flip();
  private final int stepBytes;

  /// `stepBytes`: how many bytes the session sees at a time.
  ScriptedClient(int stepBytes) {
    this.stepBytes = stepBytes;
  }

  /// A session past the greeting, with fixed newstyle and NO_ZEROES.
  static ScriptedClient greeted() {
    ScriptedClient client = new ScriptedClient(1 << 16);
    client.send(new WireBytes().u32(3).take());
    return client;
  }

  /// A session in transmission on `export`, with structured replies and base:allocation.
  static ScriptedClient open(String export) {
    ScriptedClient client = greeted();
    client.option(8, new byte[0]);
    client.option(10, context(export, "base:allocation"));
    client.option(7, named(export));
    return client;
  }

  /// All events that these bytes bring about, without NeedBytes; payloads are fetched and dropped.
  List<ServerEvent> send(byte[] bytes) {
    List<ServerEvent> events = new ArrayList<>();
    ByteBuffer all = ByteBuffer.wrap(bytes);
    do {
      in.compact();
      while (all.hasRemaining() && in.position() < Math.min(in.capacity(), stepBytes + 32)) {
        in.put(all.get());
      }
      in.flip();
      drain(events);
    } while (all.hasRemaining() && !session.isClosed());
    return events;
  }

  private void drain(List<ServerEvent> events) {
    while (true) {
      while (session.payloadRemaining() > 0) {
        byte[] piece = new byte[session.payloadRemaining()];
        if (session.payload(in, piece, 0) == 0) {
          return;
        }
      }
      ServerEvent event = session.poll(in);
      if (event instanceof ServerEvent.NeedBytes) {
        return;
      }
      events.add(event);
      if (session.isClosed()) {
        return;
      }
    }
  }

  /// Sends one option and decodes the replies as "type data" where data is printed as text.
  List<String> option(int option, byte[] data) {
    List<ServerEvent> events = send(optionBytes(option, data));
    List<String> replies = new ArrayList<>();
    for (ServerEvent event : events) {
      switch (event) {
        case ServerEvent.Handshake(byte[] bytes) -> decode(bytes, replies);
        case ServerEvent.Transmission(ExportInfo export, _, byte[] bytes) -> {
          decode(bytes, replies);
          replies.add("open " + export.name());
        }
        case ServerEvent.Closed(String reason, _, byte[] bytes) -> {
          decode(bytes, replies);
          replies.add("closed " + reason);
        }
        case ServerEvent.NeedBytes _, ServerEvent.Refused _, Request _ ->
            replies.add(event.toString());
      }
    }
    return replies;
  }

  static byte[] optionBytes(int option, byte[] data) {
    return new WireBytes().u64(NbdMagic.OPTION).u32(option).u32(data.length).raw(data).take();
  }

  static byte[] named(String export, int... information) {
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    WireBytes data = new WireBytes().u32(name.length).raw(name).u16(information.length);
    for (int type : information) {
      data.u16(type);
    }
    return data.take();
  }

  static byte[] context(String export, String... queries) {
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    WireBytes data = new WireBytes().u32(name.length).raw(name).u32(queries.length);
    for (String query : queries) {
      data.u32(query.length()).utf8(query);
    }
    return data.take();
  }

  static byte[] request(int flags, int type, long cookie, long offset, long length) {
    return new WireBytes()
        .u32(NbdMagic.REQUEST)
        .u16(flags)
        .u16(type)
        .u64(cookie)
        .u64(offset)
        .u32((int) length)
        .take();
  }

  /// The refusal of one request as "ERRNO", or what came instead.
  String outcome(int flags, int type, long offset, long length) {
    List<ServerEvent> events = new ArrayList<>(send(request(flags, type, 7, offset, length)));
    if (type == 1) {
      events.addAll(send(new byte[(int) length]));
    }
    return events.stream()
        .map(event ->
            event instanceof ServerEvent.Refused(Reply.Failed(_, NbdError error, _))
                ? error.toString()
                : event.getClass().getSimpleName())
        .reduce((first, second) -> first + "," + second)
        .orElse("nothing");
  }

  private static void decode(byte[] bytes, List<String> replies) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      if (in.getLong() != NbdMagic.OPTION_REPLY) {
        replies.add("raw " + bytes.length);
        return;
      }
      in.getInt();
      OptionReply type = OptionReply.ofCode(in.getInt());
      byte[] data = new byte[in.getInt()];
      in.get(data);
      StringBuilder text = new StringBuilder(type.name());
      if (data.length > 0) {
        text.append(' ');
      }
      for (byte octet : data) {
        text.append(octet >= 0x20 && octet < 0x7f ? "" + (char) octet : "%%%02x".formatted(octet));
      }
      replies.add(text.toString());
    }
  }
}
