package org.twincore.drbd.meta;

/// Metadata that cannot be used: what was expected, what was found, what to do.
///
/// `errorNumber` is drbdsetup's configuration failure number (drbd-status section 7): 119 no valid
/// metadata, 165 unclean, 111 disk too small, 112 metadata device too small.
public final class MetadataException extends Exception {
  private static final long serialVersionUID = 1L;

  public static final int NO_VALID_METADATA = 119;
  public static final int UNCLEAN = 165;
  public static final int DISK_TOO_SMALL = 111;
  public static final int METADATA_TOO_SMALL = 112;

  private final int errorNumber;

  public MetadataException(int errorNumber, String message) {
    super(message);
    this.errorNumber = errorNumber;
  }

  public int errorNumber() {
    return errorNumber;
  }
}
