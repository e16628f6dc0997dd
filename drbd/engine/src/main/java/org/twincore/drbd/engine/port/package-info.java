/// What the engine needs from the world, as interfaces, and [EffectRunner], which routes effects to
/// them. Implemented by `host` for real and by `sim` for whole clusters in one thread.
@NullMarked
package org.twincore.drbd.engine.port;

import org.jspecify.annotations.NullMarked;
