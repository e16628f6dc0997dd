/// One owner at a time for each resource: [ResourceLoop] applies events under the resource's lock
/// and carries out what follows (docs/adr/0004).
///
/// It knows neither sockets nor admins; it routes. Start with [ResourceLoop].
@NullMarked
package org.twincore.daemon.loop;

import org.jspecify.annotations.NullMarked;
