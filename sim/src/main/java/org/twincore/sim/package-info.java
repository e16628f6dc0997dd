/// Whole two-node clusters from one seed: [Main] runs them, [Run] is one of them.
///
/// A run draws a [Scenario] (drives, options, protocol), brings the cluster up, writes and reads
/// while faults and commands hit it, heals everything and demands that it gets well again. What
/// must not happen is checked all the time by `org.twincore.sim.check`; `docs/simulator.md` is the
/// guide.
@NullMarked
package org.twincore.sim;

import org.jspecify.annotations.NullMarked;
