/// Block devices of the machine: [LoopDevice] makes one out of a file.
///
/// Needs root. Knows nothing of replication; `daemon` puts a loop device over the FUSE file of a
/// primary and shows it as /dev/drbdN.
@NullMarked
package org.twincore.host.blockdev;

import org.jspecify.annotations.NullMarked;
