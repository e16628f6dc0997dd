package org.twincore.it;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;

/// The fields that Wireshark's dissector ought to show for a packet as we decoded it, `name=hex`
/// each, in the order of the bytes.
final class DissectedFields {
  private static final HexFormat HEX = HexFormat.of();
  private static final int NONCE_BYTES_SHOWN = 64;

  private final List<String> fields = new ArrayList<>();

  private DissectedFields() {}

  static List<String> of(FrameDecoder.Decoded decoded, int bodyBytes) {
    DissectedFields out = new DissectedFields();
    boolean isH100 = decoded.framing() == Framing.H100;
    if (isH100) {
      out.u16("volume", decoded.volume());
    }
    out.u16("command", decoded.packet().type().code());
    if (decoded.framing() == Framing.H80) {
      out.u16("length", bodyBytes);
    } else {
      out.u32("length", bodyBytes);
    }
    out.body(decoded.packet(), decoded.payload());
    return out.fields;
  }

  private void body(Packet packet, @Nullable Payload payload) {
    switch (packet) {
      case Packet.Empty _ -> {}
      case Packet.Data p -> {
        block(p.sector(), p.blockId());
        u32("seq_num", p.sequence());
        u32("dp_flags", p.flags());
        data(payload);
      }
      case Packet.Range p -> {
        block(p.sector(), p.blockId());
        u32("seq_num", p.sequence());
        u32("dp_flags", p.flags());
        u32("size", p.sizeBytes());
        data(payload);
      }
      case Packet.BlockAck p -> {
        block(p.sector(), p.blockId());
        u32("size", p.sizeBytes());
        u32("seq_num", p.sequence());
      }
      case Packet.BlockRequest p -> {
        block(p.sector(), p.blockId());
        u32("size", p.sizeBytes());
      }
      case Packet.BlockDescription p -> {
        u64("sector", p.sector());
        u32("size", p.sizeBytes());
      }
      case Packet.Barrier p -> u32("barrier", p.barrier());
      case Packet.BarrierAck p -> {
        u32("barrier", p.barrier());
        u32("set_size", p.setSize());
      }
      case Packet.ConnectionFeatures p -> {
        u32("protocol_min", p.protocolMin());
        u32("feature_flags", p.featureFlags());
        u32("protocol_max", p.protocolMax());
        u32("sender_node_id", 0);
        u32("receiver_node_id", 0);
      }
      case Packet.Protocol p -> protocol(p);
      case Packet.SyncParam p -> u32("resync_rate", p.resyncRateKib());
      case Packet.SyncParam89 p -> syncParam89(p);
      case Packet.Sizes p -> sizes(p);
      case Packet.Uuids p -> {
        u64("current_uuid", p.uuids().current());
        u64("bitmap_uuid", p.uuids().bitmap());
        u64("history_uuid", p.uuids().history0());
        u64("history_uuid", p.uuids().history1());
        u64("dirty_bits", p.bitsSet());
        u64("uuid_flags", p.flags());
      }
      case Packet.State p -> u32("state", p.word());
      case Packet.SyncUuid p -> u64("uuid", p.uuid());
      case Packet.StateChange p -> u32("state", p.value());
      case Packet.StateChangeReply p -> u32("retcode", p.code());
      case Packet.Bytes p -> bytes(p);
      case Packet.DelayProbe p -> {
        u32("seq_num", p.sequence());
        u32("offset", p.offsetMicros());
      }
    }
  }

  private void protocol(Packet.Protocol p) {
    u32("protocol", p.protocol());
    u32("after_sb_0p", p.afterSb0Pri());
    u32("after_sb_1p", p.afterSb1Pri());
    u32("after_sb_2p", p.afterSb2Pri());
    u32("conn_flags", p.connFlags());
    u32("two_primaries", p.twoPrimaries());
    p.integrityAlg().ifPresent(name -> text("integrity_alg", name, name.length() + 1));
  }

  private void syncParam89(Packet.SyncParam89 p) {
    u32("resync_rate", p.resyncRateKib());
    text("verify_alg", p.verifyAlg(), Packet.NAME_BYTES);
    text("csums_alg", p.csumsAlg(), Packet.NAME_BYTES);
    if (!p.hasController()) {
      return;
    }
    u32("c_plan_ahead", p.planAhead());
    u32("c_delay_target", p.delayTarget());
    u32("c_fill_target", p.fillTargetSectors());
    u32("c_max_rate", p.maxRateKib());
  }

  private void sizes(Packet.Sizes p) {
    u64("d_size", p.diskSectors());
    u64("u_size", p.configuredSectors());
    u64("c_size", p.currentSectors());
    u32("max_bio_size", p.maxBioBytes());
    u16("queue_order_type", p.queueOrderType());
    u16("dds_flags", p.ddsFlags());
    p.limits()
        .ifPresent(q -> {
          u32("physical_block_size", q.physicalBlockBytes());
          u32("logical_block_size", q.logicalBlockBytes());
          u32("alignment_offset", q.alignmentOffset());
          u32("io_min", q.ioMinBytes());
          u32("io_opt", q.ioOptBytes());
          add("discard_enabled", 2, q.discardEnabled());
          add("discard_zeroes_data", 2, q.discardZeroesData());
          add("write_same_capable", 2, q.writeSameCapable());
        });
  }

  private void bytes(Packet.Bytes p) {
    switch (p.type()) {
      case AUTH_CHALLENGE ->
          fields.add("drbd.auth_nonce=" + HEX.formatHex(p.bytes(), 0, NONCE_BYTES_SHOWN));
      case AUTH_RESPONSE -> fields.add("drbd.auth_hash=" + HEX.formatHex(p.bytes()));
      default -> {}
    }
  }

  private void data(@Nullable Payload payload) {
    if (payload != null) {
      fields.add("drbd.data=" + HEX.formatHex(payload.toByteArray()));
    }
  }

  private void block(long sector, long blockId) {
    u64("sector", sector);
    u64("block_id", blockId);
  }

  private void text(String name, String value, int bytes) {
    String hex = HEX.formatHex(value.getBytes(StandardCharsets.ISO_8859_1));
    fields.add("drbd." + name + "=" + hex + "00".repeat(bytes - value.length()));
  }

  private void u16(String name, int value) {
    add(name, 4, value);
  }

  private void u32(String name, int value) {
    add(name, 8, value);
  }

  private void u64(String name, long value) {
    add(name, 16, value);
  }

  private void add(String name, int digits, long value) {
    fields.add("drbd." + name + "=" + HEX.toHexDigits(value, digits));
  }
}
