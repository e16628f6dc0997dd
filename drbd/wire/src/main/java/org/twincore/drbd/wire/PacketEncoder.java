package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.twincore.drbd.GenerationUuids;

/// Packets to bytes. The payload is not written, only counted in the header's length.
public final class PacketEncoder {
  /// Room that is enough for any header with its body.
  public static final int BYTES_MAX = 16 + 4088;

  private static final int H80_LENGTH_MAX = 0xffff;
  private static final int FEATURES_RESERVED_BYTES = 60;

  private PacketEncoder() {}

  /// Appends header and body to `out`, which must have room ([#BYTES_MAX] always is). A length that
  /// the 16 bits of [Framing#H80] cannot hold goes out as [Framing#H95]; both have 8 bytes.
  public static void encode(Framing framing, int volume, Packet packet, ByteBuffer out) {
    int start = out.position();
    int header = framing.headerBytes();
    out.position(start + header);
    putBody(packet, out);
    int length = out.position() - start - header + packet.payloadBytes();
    int command = packet.type().code();
    switch (framing == Framing.H80 && length > H80_LENGTH_MAX ? Framing.H95 : framing) {
      case H80 ->
          out.putInt(start, Framing.H80.magic())
              .putShort(start + 4, (short) command)
              .putShort(start + 6, (short) length);
      case H95 ->
          out.putShort(start, (short) Framing.H95.magic())
              .putShort(start + 2, (short) command)
              .putInt(start + 4, length);
      case H100 ->
          out.putInt(start, Framing.H100.magic())
              .putShort(start + 4, (short) volume)
              .putShort(start + 6, (short) command)
              .putInt(start + 8, length)
              .putInt(start + 12, 0);
    }
  }

  private static void putBody(Packet packet, ByteBuffer out) {
    switch (packet) {
      case Packet.Empty _ -> {}
      case Packet.Data p ->
          out.putLong(p.sector()).putLong(p.blockId()).putInt(p.sequence()).putInt(p.flags());
      case Packet.Range p ->
          out.putLong(p.sector())
              .putLong(p.blockId())
              .putInt(p.sequence())
              .putInt(p.flags())
              .putInt(p.sizeBytes());
      case Packet.BlockAck p ->
          out.putLong(p.sector()).putLong(p.blockId()).putInt(p.sizeBytes()).putInt(p.sequence());
      case Packet.BlockRequest p ->
          out.putLong(p.sector()).putLong(p.blockId()).putInt(p.sizeBytes()).putInt(p.pad());
      case Packet.BlockDescription p ->
          out.putLong(p.sector()).putInt(p.sizeBytes()).putInt(p.pad());
      case Packet.Barrier p -> out.putInt(p.barrier()).putInt(p.pad());
      case Packet.BarrierAck p -> out.putInt(p.barrier()).putInt(p.setSize());
      case Packet.ConnectionFeatures p -> {
        out.putInt(p.protocolMin()).putInt(p.featureFlags()).putInt(p.protocolMax());
        out.put(new byte[FEATURES_RESERVED_BYTES]);
      }
      case Packet.Protocol p -> putProtocol(p, out);
      case Packet.SyncParam p -> {
        out.putInt(p.resyncRateKib());
        p.verifyAlg().ifPresent(name -> putString(name, out));
      }
      case Packet.SyncParam89 p -> putSyncParam89(p, out);
      case Packet.Sizes p -> putSizes(p, out);
      case Packet.Uuids p -> putUuids(p, out);
      case Packet.State p -> out.putInt(p.word());
      case Packet.SyncUuid p -> out.putLong(p.uuid());
      case Packet.StateChange p -> out.putInt(p.mask()).putInt(p.value());
      case Packet.StateChangeReply p -> out.putInt(p.code());
      case Packet.Bytes p -> out.put(p.bytes());
      case Packet.DelayProbe p -> out.putInt(p.sequence()).putInt(p.offsetMicros());
    }
  }

  private static void putProtocol(Packet.Protocol p, ByteBuffer out) {
    out.putInt(p.protocol()).putInt(p.afterSb0Pri()).putInt(p.afterSb1Pri());
    out.putInt(p.afterSb2Pri()).putInt(p.connFlags()).putInt(p.twoPrimaries());
    p.integrityAlg().ifPresent(name -> putString(name, out));
  }

  private static void putSyncParam89(Packet.SyncParam89 p, ByteBuffer out) {
    out.putInt(p.resyncRateKib());
    putFixed(p.verifyAlg(), out);
    putFixed(p.csumsAlg(), out);
    if (p.hasController()) {
      out.putInt(p.planAhead()).putInt(p.delayTarget());
      out.putInt(p.fillTargetSectors()).putInt(p.maxRateKib());
    }
  }

  private static void putSizes(Packet.Sizes p, ByteBuffer out) {
    out.putLong(p.diskSectors()).putLong(p.configuredSectors()).putLong(p.currentSectors());
    out.putInt(p.maxBioBytes());
    out.putShort((short) p.queueOrderType()).putShort((short) p.ddsFlags());
    p.limits()
        .ifPresent(q -> {
          out.putInt(q.physicalBlockBytes()).putInt(q.logicalBlockBytes());
          out.putInt(q.alignmentOffset()).putInt(q.ioMinBytes()).putInt(q.ioOptBytes());
          out.put((byte) q.discardEnabled()).put((byte) q.discardZeroesData());
          out.put((byte) q.writeSameCapable()).put((byte) q.pad());
        });
  }

  private static void putUuids(Packet.Uuids p, ByteBuffer out) {
    GenerationUuids uuids = p.uuids();
    out.putLong(uuids.current()).putLong(uuids.bitmap());
    out.putLong(uuids.history0()).putLong(uuids.history1());
    out.putLong(p.bitsSet()).putLong(p.flags());
  }

  private static void putString(String text, ByteBuffer out) {
    out.put(text.getBytes(StandardCharsets.ISO_8859_1)).put((byte) 0);
  }

  private static void putFixed(String text, ByteBuffer out) {
    byte[] name = text.getBytes(StandardCharsets.ISO_8859_1);
    out.put(name).put(new byte[Packet.NAME_BYTES - name.length]);
  }
}
