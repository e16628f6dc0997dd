/// The second cluster of a seed: two small nodes whose clients are recorded, with what the first
/// cluster does not draw. Both may be Primary at once (`allow-two-primaries`), peers are fenced by
/// programs that fail or hang, disks have a time limit, the nodes speak any protocol version.
///
/// Where to start: [RecordedRun]. It takes place in a world of its own, so that it changes the
/// course of nothing in the first cluster of its seed.
@NullMarked
package org.twincore.sim.recorded;

import org.jspecify.annotations.NullMarked;
