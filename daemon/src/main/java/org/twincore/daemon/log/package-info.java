/// Where log lines go: standard error, the journal, or a rotated file; never in the way of who
/// logs.
@NullMarked
package org.twincore.daemon.log;

import org.jspecify.annotations.NullMarked;
