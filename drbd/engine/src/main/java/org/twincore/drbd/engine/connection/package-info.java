/// From nothing to an established connection, and noticing its end: [Connector] gets two sockets,
/// [Handshake] agrees with who is there, [Liveness] watches.
///
/// The parameters of volumes (P_SIZES, P_UUIDS, P_STATE) belong to the resource.
@NullMarked
package org.twincore.drbd.engine.connection;

import org.jspecify.annotations.NullMarked;
