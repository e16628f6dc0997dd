package org.twincore.host.blockdev;

/// How the kernel makes a block device out of what this process serves.
public enum DeviceWay {
  /// A loop device over a FUSE file: drivers that nearly every kernel has.
  FUSE,
  /// The kernel's NBD client, where its driver is loaded.
  NBD
}
