/// The undo files of a node on disk (docs/undo.md): written for the engine, listed, imaged,
/// restored and removed for admins.
///
/// [org.twincore.daemon.undo.UndoFolder] is where they are, `UndoJournal` writes those of one
/// volume, `UndoDesk` is what admins see.
@NullMarked
package org.twincore.daemon.undo;

import org.jspecify.annotations.NullMarked;
