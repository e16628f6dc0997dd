/// The words of DRBD 8.4 as types: roles, states, sectors, generation identifiers, result codes.
///
/// Values only: nothing here does I/O, keeps time or knows a packet. Start with [DiskState] and
/// [ConnectionState]; the numeric codes are those of `linux/drbd.h` and of the state word on the
/// wire.
@NullMarked
package org.twincore.drbd;

import org.jspecify.annotations.NullMarked;
