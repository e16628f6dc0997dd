/// The tool `drbdsetup`: what a running node says about itself, in DRBD's words.
///
/// A thin client of the node; it reads no configuration. Start with [Drbdsetup].
@NullMarked
package org.twincore.cli.drbdsetup;

import org.jspecify.annotations.NullMarked;
