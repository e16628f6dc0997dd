/// Bringing two disks into step: bitmap exchange, sync source and target, online verify, pacing.
///
/// The machines here decide what to ask for and when; they return effects and touch neither sockets
/// nor disks. `ResyncPacing` says how much, `ResyncScan` says where, `SyncProgress` keeps the
/// figures for the tools.
@NullMarked
package org.twincore.drbd.engine.resync;

import org.jspecify.annotations.NullMarked;
