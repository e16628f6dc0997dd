package org.twincore.drbd.wire;

import java.util.Arrays;
import java.util.Optional;
import org.twincore.drbd.GenerationUuids;

/// A packet without its header; one record a layout, several types may share one (drbd-wire 3.1).
///
/// Sectors are of 512 bytes, sizes in bytes. `blockId` and `barrier` are opaque: whatever came is
/// echoed. Trailing bytes of a type with payload (digest, then data) are counted by `payloadBytes`
/// and travel beside the packet.
public sealed interface Packet {
  /// block_id of resync traffic.
  long RESYNC_BLOCK_ID = -1L;

  /// Room for the name of an algorithm with its NUL (SHARED_SECRET_MAX).
  int NAME_BYTES = 64;

  PacketType type();

  /// Bytes that follow the body.
  default int payloadBytes() {
    return 0;
  }

  /// P_PING, P_PING_ACK, P_UNPLUG_REMOTE, P_INITIAL_META, P_INITIAL_DATA: no body.
  record Empty(PacketType type) implements Packet {}

  /// P_DATA, P_DATA_REPLY, P_RS_DATA_REPLY.
  ///
  /// | offset | size | name |
  /// |---|---|---|
  /// | 0 | 8 | sector |
  /// | 8 | 8 | block_id, opaque |
  /// | 16 | 4 | seq_num |
  /// | 20 | 4 | dp_flags, see [DpFlags] |
  ///
  /// then digest and data.
  record Data(PacketType type, long sector, long blockId, int sequence, int flags, int payloadBytes)
      implements Packet {
    /// The same with another number of bytes behind it.
    public Data withPayloadBytes(int bytes) {
      return new Data(type, sector, blockId, sequence, flags, bytes);
    }
  }

  /// P_TRIM, P_ZEROES, and P_WSAME with one logical block as payload: [Data] plus u32 size in
  /// bytes.
  record Range(
      PacketType type,
      long sector,
      long blockId,
      int sequence,
      int flags,
      int sizeBytes,
      int payloadBytes)
      implements Packet {}

  /// P_RECV_ACK ... P_NEG_RS_DREPLY, P_OV_RESULT, P_RS_IS_IN_SYNC, P_RS_CANCEL, P_RETRY_WRITE.
  ///
  /// | offset | size | name |
  /// |---|---|---|
  /// | 0 | 8 | sector |
  /// | 8 | 8 | block_id, opaque |
  /// | 16 | 4 | blksize, bytes |
  /// | 20 | 4 | seq_num |
  record BlockAck(PacketType type, long sector, long blockId, int sizeBytes, int sequence)
      implements Packet {}

  /// P_DATA_REQUEST, P_RS_DATA_REQUEST, P_RS_THIN_REQ, P_OV_REQUEST, and with a hash as payload
  /// P_OV_REPLY, P_CSUM_RS_REQUEST. As [BlockAck] but the last u32 is padding that may hold
  /// anything.
  record BlockRequest(
      PacketType type, long sector, long blockId, int sizeBytes, int pad, int payloadBytes)
      implements Packet {
    public BlockRequest(PacketType type, long sector, long blockId, int sizeBytes) {
      this(type, sector, blockId, sizeBytes, 0, 0);
    }
  }

  /// P_OUT_OF_SYNC, P_RS_DEALLOCATED: u64 sector, u32 blksize, u32 pad.
  record BlockDescription(PacketType type, long sector, int sizeBytes, int pad) implements Packet {}

  /// P_BARRIER: u32 barrier, u32 pad.
  record Barrier(int barrier, int pad) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.BARRIER;
    }
  }

  /// P_BARRIER_ACK: u32 barrier (echo), u32 number of writes.
  record BarrierAck(int barrier, int setSize) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.BARRIER_ACK;
    }
  }

  /// P_CONNECTION_FEATURES: u32 min, u32 flags, u32 max, then 60 bytes that DRBD 9 may fill.
  record ConnectionFeatures(int protocolMin, int featureFlags, int protocolMax) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.CONNECTION_FEATURES;
    }
  }

  /// P_PROTOCOL, P_PROTOCOL_UPDATE: six u32; from version 87 the integrity algorithm's name with
  /// its NUL follows.
  record Protocol(
      PacketType type,
      int protocol,
      int afterSb0Pri,
      int afterSb1Pri,
      int afterSb2Pri,
      int connFlags,
      int twoPrimaries,
      Optional<String> integrityAlg)
      implements Packet {
    /// conn_flags: discard my data.
    public static final int DISCARD_MY_DATA = 1;

    /// conn_flags: only say what would happen.
    public static final int DRY_RUN = 2;

    public Protocol {
      integrityAlg.ifPresent(Packet::checkName);
    }
  }

  /// P_SYNC_PARAM: u32 rate; at version 88 the verify algorithm's name with its NUL follows.
  record SyncParam(int resyncRateKib, Optional<String> verifyAlg) implements Packet {
    public SyncParam {
      verifyAlg.ifPresent(Packet::checkName);
    }

    @Override
    public PacketType type() {
      return PacketType.SYNC_PARAM;
    }
  }

  /// P_SYNC_PARAM89: u32 rate, two names of 64 bytes; from version 95 four u32 for the controller.
  record SyncParam89(
      int resyncRateKib,
      String verifyAlg,
      String csumsAlg,
      boolean hasController,
      int planAhead,
      int delayTarget,
      int fillTargetSectors,
      int maxRateKib)
      implements Packet {
    public SyncParam89 {
      checkName(verifyAlg);
      checkName(csumsAlg);
    }

    @Override
    public PacketType type() {
      return PacketType.SYNC_PARAM89;
    }
  }

  /// P_SIZES: u64 d_size, u_size, c_size (sectors), u32 max_bio_size (bytes), u16 queue_order_type,
  /// u16 dds_flags; with feature WSAME 24 more bytes, `limits`.
  record Sizes(
      long diskSectors,
      long configuredSectors,
      long currentSectors,
      int maxBioBytes,
      int queueOrderType,
      int ddsFlags,
      Optional<QueueLimits> limits)
      implements Packet {
    /// dds_flags: assume that the peer has the space.
    public static final int FORCED = 1;

    /// dds_flags: the new area needs no resync.
    public static final int NO_RESYNC = 2;

    /// The same without dds_flags.
    public Sizes withoutFlags() {
      return new Sizes(diskSectors, configuredSectors, currentSectors, maxBioBytes, 0, 0, limits);
    }

    @Override
    public PacketType type() {
      return PacketType.SIZES;
    }
  }

  /// The tail of a 56-byte P_SIZES; sizes in bytes.
  record QueueLimits(
      int physicalBlockBytes,
      int logicalBlockBytes,
      int alignmentOffset,
      int ioMinBytes,
      int ioOptBytes,
      int discardEnabled,
      int discardZeroesData,
      int writeSameCapable,
      int pad) {}

  /// P_UUIDS: C, B, H0, H1, number of set bits, [UuidFlags].
  record Uuids(GenerationUuids uuids, long bitsSet, long flags) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.UUIDS;
    }
  }

  /// P_STATE: the state word, see [StateWord].
  record State(int word) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.STATE;
    }
  }

  /// P_SYNC_UUID.
  record SyncUuid(long uuid) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.SYNC_UUID;
    }
  }

  /// P_STATE_CHG_REQ, P_CONN_ST_CHG_REQ: u32 mask, u32 value, in the sender's view.
  record StateChange(PacketType type, int mask, int value) implements Packet {}

  /// P_STATE_CHG_REPLY, P_CONN_ST_CHG_REPLY: a signed result code.
  record StateChangeReply(PacketType type, int code) implements Packet {}

  /// P_AUTH_CHALLENGE, P_AUTH_RESPONSE, P_BITMAP, P_COMPRESSED_BITMAP: at most 4088 bytes as they
  /// came; the array is not changed.
  record Bytes(PacketType type, byte[] bytes) implements Packet {
    @Override
    public boolean equals(Object other) {
      return other instanceof Bytes(PacketType otherType, byte[] otherBytes)
          && type == otherType
          && Arrays.equals(bytes, otherBytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes) * 31 + type.code();
    }

    @Override
    public String toString() {
      return "Bytes[" + type + ", " + bytes.length + " bytes]";
    }
  }

  /// P_DELAY_PROBE: read and dropped.
  record DelayProbe(int sequence, int offsetMicros) implements Packet {
    @Override
    public PacketType type() {
      return PacketType.DELAY_PROBE;
    }
  }

  private static void checkName(String name) {
    if (name.length() >= NAME_BYTES || name.chars().anyMatch(c -> c == 0 || c > 0xff)) {
      throw new IllegalArgumentException(
          "a name of " + name.length() + " characters; 63 of Latin 1 fit");
    }
  }
}
