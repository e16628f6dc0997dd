/// Block devices of the machine: [DeviceFolder] shows a volume as /dev/drbdN.
///
/// A [DrbdDevice] is made in one of two [DeviceWay]s: a FUSE file of this process with a
/// [LoopDevice] over it, or a device of the kernel's NBD client that is connected to this process;
/// under a name that [DeviceNode] keeps. Needs root. Knows nothing of replication: requests go to
/// the same target as those of an NBD client. Invariant: only devices, mounts and names that carry
/// our marks are ever touched.
@NullMarked
package org.twincore.host.blockdev;

import org.jspecify.annotations.NullMarked;
