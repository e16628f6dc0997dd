/// The scene of a seed: two nodes are led to one odd moment, which faults and commands at any time
/// hardly ever meet: a peer that dies just as a resync begins, a disk of another history attached
/// late, both Primaries lost at once. Draws decide the timing and the rest.
///
/// Where to start: [SceneRun]. Each row of [Scene] is one moment. It takes place in a world of its
/// own, so that it changes the course of nothing in the clusters of its seed.
@NullMarked
package org.twincore.sim.scene;

import org.jspecify.annotations.NullMarked;
