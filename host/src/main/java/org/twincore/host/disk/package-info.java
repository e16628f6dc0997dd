/// Backing disks: files, loop devices and block devices, through pread, pwrite and fallocate.
///
/// Start with [FileDisk], the engine's port `Disk` for one volume. Reads and writes go through the
/// page cache; durability is asked for explicitly (fdatasync, O_DSYNC). The package knows where a
/// data area ends and a metadata device begins, but nothing of what stands in the metadata.
@NullMarked
package org.twincore.host.disk;

import org.jspecify.annotations.NullMarked;
