/// /dev/fuse for real: a mount whose one file is served by a [FuseStorage].
///
/// Needs root. The protocol itself is `org.twincore.fuse`; this package owns the descriptor, the
/// reading thread and the mount.
@NullMarked
package org.twincore.host.fuse;

import org.jspecify.annotations.NullMarked;
