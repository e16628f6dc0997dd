package org.twincore.drbd;

/// The generation identifiers of one volume: current C, bitmap B, history H0 (newest) and H1.
///
/// Bit 0 of C says "was Primary when C was last written" and is no part of the identity; every
/// comparison masks it. C == 4 means "just created", 0 means unset (drbd-wire section 6).
public record GenerationUuids(long current, long bitmap, long history0, long history1) {
  /// C of metadata that create-md has just written.
  public static final long JUST_CREATED = 4L;

  /// Bit 0 of the current UUID.
  public static final long PRIMARY_BIT = 1L;

  /// What create-md writes.
  public static final GenerationUuids FRESH = new GenerationUuids(JUST_CREATED, 0, 0, 0);

  /// C without the role bit.
  public long currentIdentity() {
    return current & ~PRIMARY_BIT;
  }

  public GenerationUuids withCurrent(long newCurrent) {
    return new GenerationUuids(newCurrent, bitmap, history0, history1);
  }

  public GenerationUuids withBitmap(long newBitmap) {
    return new GenerationUuids(current, newBitmap, history0, history1);
  }

  /// `C:B:H0:H1`, 16 upper-case hex digits each, as get-gi prints them.
  @Override
  public String toString() {
    return "%016X:%016X:%016X:%016X".formatted(current, bitmap, history0, history1);
  }
}
