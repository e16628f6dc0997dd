/// A node that answers as a kernel's DRBD 8.4 does in the captured sessions, and whole runs of one
/// of ours beside it.
///
/// It is written from the protocol's description and the captures, and shares nothing with the
/// engine but the packets' codecs: what the engine gets wrong on both sides of a pair is a
/// difference here.
@NullMarked
package org.twincore.sim.kernel;

import org.jspecify.annotations.NullMarked;
