/// What tools and daemon say to each other over the admin socket: [AdminRequest], [AdminAnswer] and
/// their JSON text, one object a line (docs/admin-protocol.md).
///
/// Pure: text in, records out. It knows neither sockets nor the engine; the daemon fills the
/// records and obeys the requests. Start with [AdminRequest].
@NullMarked
package org.twincore.admin;

import org.jspecify.annotations.NullMarked;
