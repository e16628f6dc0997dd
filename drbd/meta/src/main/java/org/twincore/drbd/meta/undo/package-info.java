/// The undo file of one volume: what the disk of the loser of a split brain held before a resync
/// overwrote it (docs/undo.md has the format).
///
/// Formats and sets, no I/O: [UndoHeader] and [UndoRecord] are the bytes, [UndoContents] reads a
/// file, [SavedBlocks] says which blocks it holds.
@NullMarked
package org.twincore.drbd.meta.undo;

import org.jspecify.annotations.NullMarked;
