package org.twincore.drbd.meta;

/// The flag bits of a superblock (drbd-metadata section 2, MDF).
public final class MetadataFlags {
  public static final int CONSISTENT = 0x1;
  public static final int PRIMARY_INDICATOR = 0x2;
  public static final int CONNECTED_INDICATOR = 0x4;
  public static final int FULL_SYNC = 0x8;
  public static final int WAS_UP_TO_DATE = 0x10;
  public static final int PEER_OUTDATED = 0x20;
  public static final int CRASHED_PRIMARY = 0x40;
  public static final int AL_CLEAN = 0x80;
  public static final int AL_DISABLED = 0x100;

  private MetadataFlags() {}
}
