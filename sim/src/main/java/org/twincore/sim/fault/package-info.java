/// What goes wrong in a simulated cluster: network, drives, nodes.
///
/// A fault is inflicted only where the promises leave room for it: the atlas keeps at least one
/// complete replica on a drive that works. Each fault ends by itself after a while.
@NullMarked
package org.twincore.sim.fault;

import org.jspecify.annotations.NullMarked;
