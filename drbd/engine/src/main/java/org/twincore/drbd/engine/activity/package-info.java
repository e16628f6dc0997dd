/// The activity log: which extents of 4 MiB may be written right now.
///
/// After a crash of a Primary the bits of all active extents are set, so a write may start only
/// when its extents are active on stable storage. `ActivityLog` keeps the active set, collects what
/// waiting writes need into transactions, and never lets an extent go whose writes may still differ
/// between the disks. It does no I/O: the caller writes what it hands out and reports back.
@NullMarked
package org.twincore.drbd.engine.activity;

import org.jspecify.annotations.NullMarked;
