/// The offline tool `drbdmeta`: makes, shows, changes and moves the metadata of a disk that no node
/// uses.
///
/// Command line, output layout and exit codes are those of drbd-utils 9.22 for format v08
/// (drbd-metadata section 6); regular files are as good as block devices. Start with [Drbdmeta]; a
/// command is a row in [Command]. What stands on the disk is `org.twincore.drbd.meta`'s business.
@NullMarked
package org.twincore.cli.drbdmeta;

import org.jspecify.annotations.NullMarked;
