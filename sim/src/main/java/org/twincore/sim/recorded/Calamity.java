package org.twincore.sim.recorded;

/// The one serious thing that happens in an act. What strikes a disk or ends a node strikes the
/// same node, the *weak* one, so that one good copy is left.
enum Calamity {
  NOTHING,
  LINK_CUT,
  LINK_CUT_ONE_WAY,
  CONNECTION_BREAKS,
  WEAK_IS_KILLED,
  WEAK_LOSES_POWER,
  CUT_AND_WEAK_LOSES_POWER,
  BOTH_ARE_KILLED,
  BOTH_LOSE_POWER,
  WEAK_DISK_STALLS,
  WEAK_DISK_FAILS,
  WEAK_IS_STOPPED;

  boolean cutsPower() {
    return this == WEAK_LOSES_POWER || this == CUT_AND_WEAK_LOSES_POWER || this == BOTH_LOSE_POWER;
  }
}
