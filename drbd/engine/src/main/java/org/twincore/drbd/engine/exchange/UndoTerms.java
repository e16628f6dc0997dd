package org.twincore.drbd.engine.exchange;

import org.twincore.drbd.GenerationUuids;

/// What an undo file is begun with: the device as it is when a split brain is settled to the loss
/// of this node.
///
/// `own` and `peer` are the generations as they were before; `reason` is how it was settled.
public record UndoTerms(
    long sizeSectors, long deviceUuid, GenerationUuids own, GenerationUuids peer, String reason) {}
