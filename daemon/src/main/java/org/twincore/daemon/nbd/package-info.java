/// The volumes of this node as NBD exports: names, openers, and requests on their way into the
/// resource and back.
///
/// Protocol, sockets and limits are `org.twincore.host.nbd`'s. Start with [NbdExports].
@NullMarked
package org.twincore.daemon.nbd;

import org.jspecify.annotations.NullMarked;
