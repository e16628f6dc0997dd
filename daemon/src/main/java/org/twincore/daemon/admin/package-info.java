/// The admin socket of a node: one JSON line a request, one a answer (docs/admin-protocol.md).
///
/// It reads, checks and writes; what a request means is the
/// [org.twincore.daemon.admin.AdminDesk]'s. Start with [org.twincore.daemon.admin.AdminServer].
@NullMarked
package org.twincore.daemon.admin;

import org.jspecify.annotations.NullMarked;
