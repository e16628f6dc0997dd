/// One DRBD resource with all that belongs to it on this node: loop, disks, link, exports,
/// handlers, and what admins set.
///
/// The engine decides; this opens, connects, closes and remembers. Start with
/// [org.twincore.daemon.resource.ResourceNode].
@NullMarked
package org.twincore.daemon.resource;

import org.jspecify.annotations.NullMarked;
