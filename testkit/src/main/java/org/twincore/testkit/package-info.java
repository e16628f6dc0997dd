/// What tests share: seeded random numbers, property runs, golden texts, annotated hex files and
/// packet captures.
///
/// For tests and the simulator only; no module of the product may name it. Start with [Gen] for
/// property tests and [HexVector] for formats. This is the one place beside the system clock's that
/// may make random sources: [Prng] from a seed.
@NullMarked
package org.twincore.testkit;

import org.jspecify.annotations.NullMarked;
