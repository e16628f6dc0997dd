/// drbd.conf: its words, its grammar, its options and what they mean together.
///
/// Pure: text comes in through a port, values go out. Start with [Option], the one table of all
/// options; then the parser. This package does not know what an option does to the replication.
@NullMarked
package org.twincore.drbd.config;

import org.jspecify.annotations.NullMarked;
