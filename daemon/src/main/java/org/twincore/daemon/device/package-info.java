/// The block devices /dev/drbdN of a node's primaries.
///
/// Decides when a device is there (while its volume is Primary) and what happens where the machine
/// allows none (the volume is served over NBD all the same). How a device is made is
/// `host.blockdev`'s.
@NullMarked
package org.twincore.daemon.device;

import org.jspecify.annotations.NullMarked;
