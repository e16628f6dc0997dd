package org.twincore.drbd.wire;

/// What an agreed protocol version brought, oldest first (drbd-wire section 4; `drbd_main.c`,
/// `drbd_receiver.c`, `drbd_nl.c`, wherever `agreed_pro_version` is asked).
///
/// A peer below the version of a row neither sends nor understands what the row names. Packet types
/// have the same in [PacketType#versionMin].
public enum Since {
  /// P_PROTOCOL names the integrity algorithm.
  INTEGRITY_NAME(87, "data-integrity-alg"),
  /// P_SYNC_PARAM names the verify algorithm.
  VERIFY(88, "online verify"),
  /// P_SYNC_PARAM89 instead of P_SYNC_PARAM, P_CSUM_RS_REQUEST, P_RS_IS_IN_SYNC.
  CHECKSUMS(89, "csums-alg"),
  /// P_COMPRESSED_BITMAP.
  BITMAP_RUNS(90, "use-rle"),
  /// A verify begins anywhere; before, at the start of the device.
  VERIFY_START(90, "a start sector for verify"),
  /// Flag 8 of P_UUIDS.
  SKIPPED_SYNC(90, "new-current-uuid --clear-bitmap while connected"),
  /// conn_flags 2 of P_PROTOCOL.
  DRY_RUN(92, "connect --tentative"),
  /// dds_flags of P_SIZES; before, the 16 bits belonged to a number without a meaning today.
  SIZE_FLAGS(93, "resize --assume-clean"),
  /// A receiver cuts a request to what its disk takes; before, P_SIZES limits the sender.
  SPLIT_REQUESTS(94, "requests larger than the peer's disk takes"),
  /// The second header, for bodies above 32768 bytes.
  LONG_HEADER(95, "requests above 32 KiB"),
  /// All of dp_flags; before, only 2 and 4.
  WRITE_FLAGS(95, "FUA"),
  /// The tail of P_SYNC_PARAM89.
  RESYNC_CONTROLLER(95, "c-plan-ahead of the peer"),
  /// The target's P_STATE ends a resync in which nothing had to be copied.
  RESYNC_END(95, "an empty resync ended by a word of the target"),
  /// P_OUT_OF_SYNC, P_RS_CANCEL; a source ends when its target says so, and not by its own count.
  LATE_MARKS(96, "on-congestion pull-ahead"),
  /// A verify ends anywhere, and P_STATE says so; protocol 100 forgot it.
  VERIFY_STOP(97, "a stop sector for verify"),
  /// The third header, with a volume's number.
  VOLUMES(100, "more than one volume"),
  /// dp_flags 128 and 256; before, a receiver answers by its own `protocol`.
  ACK_CHOICE(100, "an ack of the sender's choice"),
  /// P_CONN_ST_CHG_REQ instead of P_STATE_CHG_REQ.
  CONNECTION_CHANGES(100, "state changes of the connection"),
  /// P_PROTOCOL_UPDATE.
  CHANGED_SETTINGS(100, "protocol and data-integrity-alg changed while connected"),
  /// P_RETRY_WRITE.
  RETRY_WRITE(100, "writes to be sent again");

  private static final int WITHOUT_STOP = 100;

  private final int version;
  private final String what;

  Since(int version, String what) {
    this.version = version;
    this.what = what;
  }

  /// The first version that has it.
  public int version() {
    return version;
  }

  /// What an admin loses without it.
  public String what() {
    return what;
  }

  /// Whether a connection of that version has it.
  public boolean holdsAt(int agreedVersion) {
    return agreedVersion >= version && !(this == VERIFY_STOP && agreedVersion == WITHOUT_STOP);
  }
}
