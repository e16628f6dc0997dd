/// Faults planted between a resource and its edges, and the proof that a named checker sees each.
@NullMarked
package org.twincore.sim.planted;

import org.jspecify.annotations.NullMarked;
