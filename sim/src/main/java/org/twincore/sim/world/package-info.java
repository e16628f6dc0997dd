/// The world around the machines of a simulated cluster: time, network, drives and nodes.
///
/// Everything runs in one thread on virtual time and draws chance from one seed, so that a run can
/// be repeated exactly. Start with [Simulation], then [SimNode]. What runs in the world (faults,
/// workloads, checkers) stands in the packages beside this one, and this one knows none of them.
@NullMarked
package org.twincore.sim.world;

import org.jspecify.annotations.NullMarked;
