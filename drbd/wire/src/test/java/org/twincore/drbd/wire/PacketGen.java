package org.twincore.drbd.wire;

import java.util.Optional;
import org.twincore.drbd.GenerationUuids;
import org.twincore.testkit.Gen;

/// Draws packets of every type with any content that the wire can carry.
public final class PacketGen {
  private PacketGen() {}

  public static Packet ofAnyType(Gen gen) {
    return of(gen.oneOf(PacketType.values()), gen);
  }

  public static Packet of(PacketType type, Gen gen) {
    return switch (type) {
      case PING, PING_ACK, UNPLUG_REMOTE, INITIAL_META, INITIAL_DATA -> new Packet.Empty(type);
      case DATA, DATA_REPLY, RS_DATA_REPLY ->
          new Packet.Data(
              type, gen.anyLong(), gen.anyLong(), gen.anyInt(), gen.anyInt(), payload(gen));
      case TRIM, ZEROES -> range(type, gen, 0);
      case WSAME -> range(type, gen, payload(gen));
      case RECV_ACK,
          WRITE_ACK,
          RS_WRITE_ACK,
          SUPERSEDED,
          NEG_ACK,
          NEG_DREPLY,
          NEG_RS_DREPLY,
          OV_RESULT,
          RS_IS_IN_SYNC,
          RS_CANCEL,
          RETRY_WRITE ->
          new Packet.BlockAck(type, gen.anyLong(), gen.anyLong(), gen.anyInt(), gen.anyInt());
      case DATA_REQUEST, RS_DATA_REQUEST, RS_THIN_REQ, OV_REQUEST -> request(type, gen, 0);
      case OV_REPLY, CSUM_RS_REQUEST -> request(type, gen, gen.intIn(0, 64));
      case OUT_OF_SYNC, RS_DEALLOCATED ->
          new Packet.BlockDescription(type, gen.anyLong(), gen.anyInt(), gen.anyInt());
      case BARRIER -> new Packet.Barrier(gen.anyInt(), gen.anyInt());
      case BARRIER_ACK -> new Packet.BarrierAck(gen.anyInt(), gen.anyInt());
      case CONNECTION_FEATURES ->
          new Packet.ConnectionFeatures(gen.anyInt(), gen.anyInt(), gen.anyInt());
      case PROTOCOL, PROTOCOL_UPDATE ->
          new Packet.Protocol(
              type,
              gen.anyInt(),
              gen.anyInt(),
              gen.anyInt(),
              gen.anyInt(),
              gen.anyInt(),
              gen.anyInt(),
              gen.bool() ? Optional.of(name(gen)) : Optional.empty());
      case SYNC_PARAM ->
          new Packet.SyncParam(
              gen.anyInt(), gen.bool() ? Optional.of(name(gen)) : Optional.empty());
      case SYNC_PARAM89 -> syncParam89(gen);
      case SIZES -> sizes(gen);
      case UUIDS ->
          new Packet.Uuids(
              new GenerationUuids(gen.anyLong(), gen.anyLong(), gen.anyLong(), gen.anyLong()),
              gen.anyLong(),
              gen.anyLong());
      case STATE -> new Packet.State(gen.anyInt());
      case SYNC_UUID -> new Packet.SyncUuid(gen.anyLong());
      case STATE_CHG_REQ, CONN_ST_CHG_REQ ->
          new Packet.StateChange(type, gen.anyInt(), gen.anyInt());
      case STATE_CHG_REPLY, CONN_ST_CHG_REPLY -> new Packet.StateChangeReply(type, gen.anyInt());
      case AUTH_CHALLENGE, AUTH_RESPONSE, BITMAP, COMPRESSED_BITMAP ->
          new Packet.Bytes(type, gen.bytes(gen.intIn(type.bodyBytesMin(), type.bodyBytesMax())));
      case DELAY_PROBE -> new Packet.DelayProbe(gen.anyInt(), gen.anyInt());
    };
  }

  private static int payload(Gen gen) {
    return gen.oneOf(0, 1, 512, 516, 4096, gen.intIn(0, 9000), 66_000);
  }

  private static Packet range(PacketType type, Gen gen, int payloadBytes) {
    return new Packet.Range(
        type, gen.anyLong(), gen.anyLong(), gen.anyInt(), gen.anyInt(), gen.anyInt(), payloadBytes);
  }

  private static Packet request(PacketType type, Gen gen, int payloadBytes) {
    return new Packet.BlockRequest(
        type, gen.anyLong(), gen.anyLong(), gen.anyInt(), gen.anyInt(), payloadBytes);
  }

  private static Packet syncParam89(Gen gen) {
    return gen.bool()
        ? new Packet.SyncParam89(gen.anyInt(), name(gen), name(gen), false, 0, 0, 0, 0)
        : new Packet.SyncParam89(
            gen.anyInt(),
            name(gen),
            name(gen),
            true,
            gen.anyInt(),
            gen.anyInt(),
            gen.anyInt(),
            gen.anyInt());
  }

  private static Packet sizes(Gen gen) {
    Optional<Packet.QueueLimits> limits =
        gen.bool()
            ? Optional.empty()
            : Optional.of(
                new Packet.QueueLimits(
                    gen.anyInt(),
                    gen.anyInt(),
                    gen.anyInt(),
                    gen.anyInt(),
                    gen.anyInt(),
                    gen.intIn(0, 255),
                    gen.intIn(0, 255),
                    gen.intIn(0, 255),
                    gen.intIn(0, 255)));
    return new Packet.Sizes(
        gen.anyLong(),
        gen.anyLong(),
        gen.anyLong(),
        gen.anyInt(),
        gen.intIn(0, 0xffff),
        gen.intIn(0, 0xffff),
        limits);
  }

  private static String name(Gen gen) {
    int length = gen.oneOf(0, 3, 6, 63);
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < length; i++) {
      name.append((char) gen.intIn(1, 255));
    }
    return name.toString();
  }
}
