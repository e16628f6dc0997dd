/// NBD on sockets: the listener that serves exports, and a client for workloads and checks.
///
/// Start with [NbdListener]; what is behind an export is a [BlockTarget], found through [Exports].
/// Protocol and checks are those of `org.twincore.nbd`; here are sockets, threads and limits.
///
/// Threads: each connection has one platform thread that reads, and whoever finishes a request
/// sends its reply (adr/nbd-connections in the docs has the measurement). The channel is
/// non-blocking: a thread that finds the socket full leaves the rest to the connection's own
/// thread, so no client can hold up a resource. Everything is bounded by [NbdSettings]; a client
/// over its limits is not read from until replies have gone out.
@NullMarked
package org.twincore.host.nbd;

import org.jspecify.annotations.NullMarked;
