/// A tool's side of the admin socket: [AdminClient].
///
/// Blocking and small: it is on the start-up path of every tool.
@NullMarked
package org.twincore.cli.client;

import org.jspecify.annotations.NullMarked;
