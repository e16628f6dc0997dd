/// The tool `drbdadm`: what stands in drbd.conf becomes requests to the node, or text.
///
/// Start with [Drbdadm]. A command line becomes an [Invocation], that and the configuration a list
/// of [Step]s (pure, and printed by `-d`), and these are carried out in turn.
@NullMarked
package org.twincore.cli.drbdadm;

import org.jspecify.annotations.NullMarked;
