/// Whole nodes as child processes on this machine, for programs that show or measure clusters.
@NullMarked
package org.twincore.cli.local;

import org.jspecify.annotations.NullMarked;
