package org.twincore.cli.drbdadm;

/// The order in which `up` and `adjust` work: a stage of all resources before the next one.
enum Stage {
  /// What must go first: volumes and connections that the file does not have any more.
  REMOVAL,
  RESOURCE,
  VOLUME,
  DISK,
  CONNECTION
}
