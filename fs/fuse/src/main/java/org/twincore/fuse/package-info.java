/// The FUSE kernel protocol: requests from bytes, replies to bytes, and [DiskFileSession], which
/// shows one regular file of fixed size.
///
/// Pure: no descriptor, no thread; the edge reads one request per `read(2)` of /dev/fuse, hands it
/// in, and writes each reply with one `write(2)`. Byte order is the machine's own (little-endian on
/// x86-64). Source: `include/uapi/linux/fuse.h`, protocol 7.31; spec `fuse` section 3.
@NullMarked
package org.twincore.fuse;

import org.jspecify.annotations.NullMarked;
