package org.twincore.drbd;

import java.util.Optional;

/// The answer to a state change, with the signed code that travels in P_STATE_CHG_REPLY and decides
/// the tools' exit codes (drbd.h, `drbd_state_rv`; drbd-status section 7).
public enum StateResult {
  CLUSTER_WIDE_NO_NEED(4, "No need for a cluster-wide change"),
  CLUSTER_WIDE_SUCCESS(3, "Cluster-wide change done"),
  NOTHING_TO_DO(2, "Nothing to do"),
  SUCCESS(1, "Success"),
  UNKNOWN_ERROR(0, "Unknown error"),
  TWO_PRIMARIES(-1, "A second Primary is not permitted"),
  NO_UP_TO_DATE_DISK(-2, "Refusing to be Primary without at least one UpToDate disk"),
  NO_LOCAL_DISK(-4, "Can not resync without local disk"),
  NO_REMOTE_DISK(-5, "Can not resync without remote disk"),
  CONNECTED_OUTDATES(-6, "Refusing to be Outdated while Connected"),
  PRIMARY_NOP(-7, "Refusing to be Primary while peer is not outdated"),
  RESYNC_RUNNING(-8, "A resync or verify is already running"),
  ALREADY_STAND_ALONE(-9, "Already StandAlone"),
  REFUSED_BY_PEER(-10, "The peer refused the change"),
  DISKLESS(-11, "Device is diskless"),
  DEVICE_IN_USE(-12, "Device is held open by someone"),
  NO_NET_CONFIG(-13, "No network configuration"),
  NO_VERIFY_ALG(-14, "No verify-alg is configured"),
  NEED_CONNECTION(-15, "A connection to the peer is needed"),
  LOWER_THAN_OUTDATED(-16, "Disk state is lower than Outdated"),
  NOT_SUPPORTED(-17, "The peer's protocol is too old for this"),
  IN_TRANSIENT_STATE(-18, "In a transient state, try again"),
  CONCURRENT_CHANGE(-19, "A concurrent cluster-wide change is running"),
  OTHER_VOLUME_PRIMARY(-20, "Another volume's peer is Primary"),
  OUTDATE_NEEDS_CONNECTION(-21, "Outdating the peer needs a connection");

  private static final StateResult[] ALL = values();
  private final int code;
  private final String text;

  StateResult(int code, String text) {
    this.code = code;
    this.text = text;
  }

  /// Signed, as on the wire; 1 and above are successes.
  public int code() {
    return code;
  }

  /// One sentence for an admin.
  public String text() {
    return text;
  }

  public boolean isSuccess() {
    return code >= SUCCESS.code;
  }

  public static Optional<StateResult> ofCode(int code) {
    for (StateResult result : ALL) {
      if (result.code == code) {
        return Optional.of(result);
      }
    }
    return Optional.empty();
  }
}
