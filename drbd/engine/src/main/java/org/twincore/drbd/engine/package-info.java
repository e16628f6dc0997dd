/// The replicated block device as a pure machine: [Resource] owns the sub-machines and is the only
/// place where they meet.
@NullMarked
package org.twincore.drbd.engine;

import org.jspecify.annotations.NullMarked;
