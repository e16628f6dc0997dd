/// Tests of the whole: real processes, real disks, real peers, and the walls of the house.
///
/// Everything here may be slow and may need root or a Debian package; what cannot run is skipped
/// with its reason.
@NullMarked
package org.twincore.it;

import org.jspecify.annotations.NullMarked;
