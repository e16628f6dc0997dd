/// The texts that tools print about resources, rendered from snapshots.
///
/// Pure: no I/O, no clock, no locale, no time zone; the same snapshot gives the same bytes. Start
/// with [org.twincore.daemon.report.ReportedResource], then one class a text: `StatusText`,
/// `StatusJson`, `Events2Text`, `ProcText`, `ServiceStatus`. Layouts are those that `drbdsetup`
/// 9.22 prints over DRBD 8.4.11, `/proc/drbd` of that version, and the older styles of `service
/// drbd status`; docs/man/drbd.8 names the differences.
@NullMarked
package org.twincore.daemon.report;

import org.jspecify.annotations.NullMarked;
