package org.twincore.host.disk;

/// Whether the page cache stands between a node and the disk under it.
public enum DiskAccess {
  /// Reads and writes go through the page cache; a flush writes it.
  BUFFERED,

  /// What begins and ends on a page goes past the page cache (O_DIRECT), as a kernel DRBD's bios
  /// do; the rest goes through it, and the kernel keeps the two in step.
  DIRECT
}
