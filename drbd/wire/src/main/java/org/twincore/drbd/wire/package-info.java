/// DRBD 8.4's wire protocol as values: packets, headers, state word, bitmap run lengths, digests.
///
/// Pure codecs: no socket, no engine rule. All integers are big-endian; block ids and barrier
/// numbers are opaque and echoed. Start with [PacketType] and [Packet]. Source: drbd-wire sections
/// 2 to 11.
@NullMarked
package org.twincore.drbd.wire;

import org.jspecify.annotations.NullMarked;
