/// All that goes into and comes out of a resource: [Event], [Effect], and the status snapshot.
///
/// Values only. Sockets, disks, applications and admins are named by numbers that the edge chose;
/// the bytes of a request travel as payload handles that the engine never reads. One `Event` in,
/// any number of `Effect`s out; effects to one target are carried out in the order given.
@NullMarked
package org.twincore.drbd.engine.exchange;

import org.jspecify.annotations.NullMarked;
