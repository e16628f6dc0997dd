/// The network of a resource: [TcpLink], the engine's port `Link` over TCP.
///
/// It opens, accepts, cuts bytes into packets and closes; which socket is DATA and which is META,
/// and all timeouts but that of a dial, are the engine's. No thread ever blocks in a write: where a
/// socket takes no more, its own reading thread goes on writing when it can. TLS and compression
/// lie below the packets ([Wrapping], docs/adr/0007).
@NullMarked
package org.twincore.host.net;

import org.jspecify.annotations.NullMarked;
