package org.twincore.daemon.resource;

import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;

/// A command that this node refuses before the engine sees it: a configuration failure with its
/// drbdsetup number (drbd-status section 7), or a request that makes no sense.
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  public static final int LOCAL_ADDRESS_IN_USE = 102;
  public static final int PEER_ADDRESS_IN_USE = 103;
  static final int CANNOT_OPEN_DISK = 104;
  static final int CANNOT_OPEN_META_DISK = 105;
  static final int DISK_CLAIMED = 114;
  static final int META_DISK_CLAIMED = 115;
  static final int META_INDEX_INVALID = 116;
  static final int METADATA_IO = 118;
  static final int AUTH_DIGEST_UNKNOWN = 120;
  static final int DISK_ALREADY_ATTACHED = 124;
  public static final int MINOR_UNKNOWN = 127;
  public static final int RESYNC_AFTER_INVALID = 132;
  public static final int RESYNC_AFTER_CYCLE = 133;
  static final int INTEGRITY_DIGEST_UNKNOWN = 141;
  static final int CSUMS_DIGEST_UNKNOWN = 144;
  static final int VERIFY_DIGEST_UNKNOWN = 146;
  public static final int RESOURCE_UNKNOWN = 158;
  public static final int RESOURCE_IN_USE = 159;
  public static final int MINOR_CONFIGURED = 160;
  public static final int MINOR_OR_VOLUME_EXISTS = 161;
  public static final int INVALID_REQUEST = 162;

  /// For what drbdsetup itself would refuse: exit code 20.
  private static final int NONSENSE = 0;

  private final int number;

  public RefusedException(int number, String text) {
    super(text);
    this.number = number;
  }

  /// A request whose words or values make no sense.
  public static RefusedException nonsense(String text) {
    return new RefusedException(NONSENSE, text);
  }

  public AdminAnswer answer() {
    String text = String.valueOf(getMessage());
    return number == NONSENSE
        ? new AdminAnswer.Failed(text)
        : new AdminAnswer.Result(Kind.CONFIG, number, text);
  }
}
