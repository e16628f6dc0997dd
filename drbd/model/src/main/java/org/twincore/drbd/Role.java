package org.twincore.drbd;

/// What a node may do with a device: only a Primary lets applications open it (drbd.h,
/// `drbd_role`).
public enum Role {
  UNKNOWN("Unknown"),
  PRIMARY("Primary"),
  SECONDARY("Secondary");

  private final String text;

  Role(String text) {
    this.text = text;
  }

  /// The two-bit code in the state word.
  public int code() {
    return ordinal();
  }

  /// The role of a two-bit code; the unused code 3 reads as Unknown.
  public static Role ofCode(int code) {
    return code == 1 ? PRIMARY : code == 2 ? SECONDARY : UNKNOWN;
  }

  /// As `drbdsetup` prints it.
  @Override
  public String toString() {
    return text;
  }
}
