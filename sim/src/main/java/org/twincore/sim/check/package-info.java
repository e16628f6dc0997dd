/// What a simulated cluster must never do, one class a rule: each watches the nodes and throws
/// [Violation] when its rule is broken.
///
/// The rules are those of `docs/durability.md`. [VolumeHistory] knows what may be read from a
/// volume, [StateBoard] what each node said last, [Lineage] which replica has to have everything.
@NullMarked
package org.twincore.sim.check;

import org.jspecify.annotations.NullMarked;
