/// What a disk held before a resync after a split brain overwrites it: saved first, durably
/// (docs/undo.md). [UndoGuard] is all of it; where the bytes go is the edge's.
///
/// Knows `exchange` and `state`; `request` and `resync` ask it before each write.
@NullMarked
package org.twincore.drbd.engine.undo;

import org.jspecify.annotations.NullMarked;
