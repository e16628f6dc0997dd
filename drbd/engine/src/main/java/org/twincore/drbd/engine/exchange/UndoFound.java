package org.twincore.drbd.engine.exchange;

import java.util.Optional;
import org.twincore.drbd.meta.undo.SavedBlocks;

/// What the edge found of a volume's undo file when its disk was attached; all that it says is
/// durable.
///
/// `saved` are the blocks of a file that was not ended, which goes on; empty: there is none.
/// `trouble` says why that file cannot go on, if so.
public record UndoFound(Optional<SavedBlocks> saved, Optional<String> trouble) {
  /// No file, or only ended ones.
  public static final UndoFound NOTHING = new UndoFound(Optional.empty(), Optional.empty());
}
