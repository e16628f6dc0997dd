/// The Network Block Device protocol, both ends, as machines without I/O.
///
/// Start with [ServerSession] (bytes in, events out: handshake bytes, requests, refusals) and
/// [ReplyEncoder]; the other end is [ClientSession] with [RequestEncoder]. Source of all formats:
/// `doc/proto.md` of NetworkBlockDevice/nbd ("proto.md" below): fixed newstyle negotiation, simple
/// and structured replies, `base:allocation`.
///
/// Deviations and limits: TLS, extended headers and resize are refused; requests are multiples of
/// 512 bytes; nothing is ever allocated because a peer named a size, but within the limits named
/// here. No threads, no locks, no clock.
@NullMarked
package org.twincore.nbd;

import org.jspecify.annotations.NullMarked;
