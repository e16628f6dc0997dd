/// The life of reads and writes: transfer log, epochs and barriers, conflicts by interval.
///
/// It knows neither sockets nor disks; it returns effects. Start with `IntervalSet` for the search
/// of overlapping requests, and `ConflictGate` for what two Primaries do to each other.
@NullMarked
package org.twincore.drbd.engine.request;

import org.jspecify.annotations.NullMarked;
