package org.twincore.drbd.engine.state;

/// Whether a device has grown by an area that is not yet the same on both disks, and when.
public enum Growth {
  NONE,
  /// An admin let it grow here; the peer was told and has not answered yet.
  AWAITS_THE_PEER,
  /// The peer knows of it too: one side becomes source at once, without an exchange of bitmaps.
  WHILE_CONNECTED,
  /// On the way to the handshake of the disks, which does not see it: UUIDs say nothing of sizes.
  BEFORE_THE_HANDSHAKE
}
