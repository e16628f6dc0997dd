/// The tool `drbdsetup`: one command to a running node, in DRBD's words.
///
/// A thin client of the node; it reads no configuration. [SetupCommand] is the table of its
/// commands; [SetupLine] reads a command line, [SetupRequests] says which request it is. Start with
/// [Drbdsetup].
@NullMarked
package org.twincore.cli.drbdsetup;

import org.jspecify.annotations.NullMarked;
