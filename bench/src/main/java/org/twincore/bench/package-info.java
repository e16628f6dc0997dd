/// `./build bench`: whole processes measured side by side, as tables for docs/performance.md.
///
/// Two real nodes on loopback with files as disks, beside servers that others made. All figures of
/// one table come from one run whose rounds alternate over the targets, so that a slow minute of
/// the machine hits all of them. Nothing here judges; a figure is printed, never asserted.
///
/// Start with [Bench].
@NullMarked
package org.twincore.bench;

import org.jspecify.annotations.NullMarked;
