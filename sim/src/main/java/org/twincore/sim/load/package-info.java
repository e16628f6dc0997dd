/// What applications do with the volumes of simulated clusters.
@NullMarked
package org.twincore.sim.load;

import org.jspecify.annotations.NullMarked;
