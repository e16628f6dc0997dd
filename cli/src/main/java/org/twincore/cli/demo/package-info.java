/// `twincore demo`: two node processes, one disk, one of them killed; every acknowledged write is
/// verified by a second process.
///
/// [Demo] is the story; [DemoCluster] owns the processes and files, [Workload] writes and remembers
/// in a [Ledger] what was acknowledged, [Verify] checks it.
@NullMarked
package org.twincore.cli.demo;

import org.jspecify.annotations.NullMarked;
